"""Inputs beyond the eight in the study of people never met: from the past alone, and unknown where they must be."""

import numpy as np
import pytest
import torch

from benchmarks.unseen_people.insulin.dose_shares import BASAL, BOLUS, DOSE_SHARES, daily_dose, with_shares
from benchmarks.unseen_people.insulin.further import FurtherInputs, known_to_the_table
from benchmarks.unseen_people.insulin.lows import times_counted
from benchmarks.unseen_people.insulin.past import people_of, running_mean, usual_at_the_hour
from benchmarks.unseen_people.insulin.who import DOSES, GLUCOSE, KNOWN, who, with_past_varied
from bloodtwin_core.records import FEATURE_TABLE, FEATURES, Feature, Split
from bloodtwin_core.windows import Origins, Segment, WindowedSeries

DAY = 288
WHO, AFTER_A_WEEK = who(after_days=1.0), who(after_days=7.0)
PLACES = {name: len(FEATURES) + place for place, name in enumerate(WHO.rows)}
FIRST = np.datetime64("2024-01-01T06:20:00", "s")


def some_windows(days: int = 4) -> WindowedSeries:
    """A person in two segments with a gap of a day, 100 mg/dL but 200 from 8 to 9; 1 U/h of basal and 0.1 U boluses."""
    kept = np.concatenate([np.arange(2 * DAY), np.arange(3 * DAY, (days + 1) * DAY)])
    times = FIRST + kept * np.timedelta64(300, "s")
    series = np.zeros((len(kept), len(FEATURES)), dtype=np.float32)
    hour = times.astype("datetime64[h]").astype(int) % 24
    series[:, Feature.bg.column] = np.where(hour == 8, 200, 100)
    series[:, Feature.basal_rate.column] = 1.0
    series[:, Feature.bolus_dose.column] = 0.1
    segments = (Segment("a", Split.train, 0, 2 * DAY), Segment("a", Split.validate, 2 * DAY, len(kept)))
    nothing = {split: Origins(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)) for split in Split}
    return WindowedSeries(series, times, segments, nothing, lookback=12, horizon=12)


def test_a_running_mean_is_of_what_was_known_before_and_unknown_for_a_day() -> None:
    values = np.concatenate([np.full(DAY, 10.0), np.full(DAY, np.nan), np.full(DAY, 20.0)])
    mean = running_mean(values, days=1.0)
    assert np.isnan(mean[: DAY - 1]).all()
    assert mean[DAY - 1 : 2 * DAY] == pytest.approx(10.0)
    assert 10 < mean[2 * DAY] < mean[-1] < 20


def test_the_usual_glucose_of_an_hour_is_that_of_earlier_days() -> None:
    windows = some_windows()
    (person,) = people_of(windows)
    now, ahead = (usual_at_the_hour(person, hours)[person.places] for hours in (0, 1))
    hour = windows.timestamps.astype("datetime64[h]").astype(int) % 24
    late = np.arange(len(hour)) > 2 * DAY
    assert now[late & (hour == 8)].min() > 140 > now[late & (hour != 8)].max()
    assert ahead[late & (hour == 7)].min() > 140 > ahead[late & (hour != 7)].max()


@pytest.mark.parametrize("inputs", [WHO, AFTER_A_WEEK, DOSE_SHARES], ids=["who", "who after a week", "shares"])
def test_nothing_that_comes_later_changes_an_input(inputs: FurtherInputs) -> None:
    windows = some_windows(days=9)
    before = inputs.computed(windows)
    changed = np.array(windows.series)
    at = 8 * DAY
    changed[at:, : Feature.sin_time.column] *= 2
    after = inputs.computed(WindowedSeries(changed, *list(vars(windows).values())[1:]))
    np.testing.assert_array_equal(before[:at], after[:at])
    assert (before[-1] != after[-1]).any()


def test_who_tells_of_glucose_and_insulin_from_the_second_day_on() -> None:
    with known_to_the_table(WHO):
        told = WHO.beside(some_windows())
        assert all(name in FEATURE_TABLE for name in told.features)
    assert KNOWN not in FEATURE_TABLE
    first, last = told.series[10], told.series[-1]
    assert np.isnan(first[[place for name, place in PLACES.items() if name != KNOWN]]).all()
    assert (first[PLACES[KNOWN]], last[PLACES[KNOWN]]) == (0, 1)
    assert last[PLACES["mean_glucose_14_days"]] == pytest.approx(104, abs=1)
    assert last[PLACES["share_of_highs"]] == pytest.approx(1 / 24, abs=0.01)
    assert last[PLACES["basal_daily"]] == pytest.approx(24)
    assert last[PLACES["bolus_daily"]] == pytest.approx(28.8)


def test_after_a_week_means_that_a_week_was_known() -> None:
    windows = some_windows(days=9)
    known = np.isfinite(AFTER_A_WEEK.computed(windows)[:, : len(PLACES) - 1])
    assert not known[: 7 * DAY - 1].any()
    assert known[7 * DAY - 1 :].all()


def test_the_past_is_scaled_and_hidden_as_the_chunk_is() -> None:
    told = torch.from_numpy(WHO.beside(some_windows()).series[-40:]).repeat(200, 1, 1)
    varied = told.clone()
    varied[:, :, Feature.bg.column] *= 1.1
    varied[:100, :, Feature.basal_rate.column] = torch.nan
    torch.manual_seed(0)
    past = with_past_varied(told, varied, (*FEATURES, *WHO.rows), 0.2)
    strangers = past[:, 0, PLACES[KNOWN]] == 0
    assert 0.1 < strangers.float().mean() < 0.3
    assert past[strangers][..., [PLACES[name] for name in (*GLUCOSE, *DOSES)]].isnan().all()
    mean = PLACES["mean_glucose_3_days"]
    torch.testing.assert_close(past[~strangers][..., mean], told[~strangers][..., mean] * 1.1)
    of_glucose = who(after_days=1.0, doses=False)
    assert of_glucose.rows.keys() == WHO.rows.keys() - DOSES.keys()
    alone = [place for place, name in enumerate((*FEATURES, *WHO.rows)) if name not in DOSES]
    torch.manual_seed(0)
    without = with_past_varied(told[..., alone], varied[..., alone], (*FEATURES, *of_glucose.rows), 0.2)
    torch.testing.assert_close(without, past[..., alone], equal_nan=True)
    basal, bolus = (past[..., PLACES[name]].isnan().all(dim=1) for name in DOSES)
    assert basal[:100].all()
    assert torch.equal(basal[100:], strangers[100:])
    assert torch.equal(bolus, strangers)


def test_shares_of_the_dose_follow_the_insulin_that_is_left() -> None:
    windows = some_windows()
    dose = daily_dose(windows)
    assert np.isnan(dose[: DAY - 1]).all()
    assert dose[-1] == pytest.approx(24 + 28.8)
    plain = torch.from_numpy(DOSE_SHARES.beside(windows).series[-40:]).repeat(2, 1, 1)
    assert plain[0, 0, BASAL].item() == pytest.approx(24 / 52.8)
    varied = plain.clone()
    varied[0, :, Feature.basal_rate.column] = 2.0
    varied[1, :, Feature.basal_rate.column] = torch.nan
    shared = with_shares(plain, varied, torch.from_numpy(dose[-40:]).repeat(2, 1))
    torch.testing.assert_close(shared[0, :, BASAL], plain[0, :, BASAL] * 2)
    torch.testing.assert_close(shared[0, :, BOLUS], plain[0, :, BOLUS])
    assert shared[1, :, [BASAL, BOLUS]].isnan().all(), "without its basal nobody knows the dose"


def test_a_window_that_falls_low_counts_three_times() -> None:
    target = torch.tensor([[100.0, 60.0], [100.0, 60.0], [100.0, 90.0]])
    measured = torch.tensor([[True, True], [True, False], [False, True]])
    assert times_counted(target, measured).tolist() == [[3.0, 3.0], [1.0, 0.0], [0.0, 1.0]]
