"""What a wearer's past says: from nothing that came later, the same record by record as of a whole history."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records import (
    FEATURES,
    PAST_FEATURES,
    PAST_KNOWN,
    PAST_TABLE,
    RECORD_INTERVAL,
    RECORDS_PER_DAY,
    UNKNOWN_PAST,
    Feature,
    Timestamps,
    Values,
    extra_features,
    known_features,
)
from bloodtwin_core.records.past import WearerPast, past_after

WEEK = 7 * RECORDS_PER_DAY
SPREADS = np.array([row.spread for row in PAST_TABLE.values()])
START = np.datetime64("2026-01-05T03:22:00", "s")


def history(seed: int, days: float = 11.0) -> tuple[Timestamps, Values]:
    """Records with gaps in everything, holes in the grid, and a day without any."""
    random = np.random.default_rng(seed)
    count = int(days * RECORDS_PER_DAY)
    values = np.zeros((count, len(FEATURES)), dtype=np.float32)
    values[:, Feature.bg.column] = np.clip(
        150 + 70 * np.sin(np.arange(count) / 46) + random.normal(0, 9, count), 20, 600
    )
    values[:, Feature.bg_missing_flag.column] = random.random(count) < 0.1
    values[:, Feature.basal_rate.column] = np.where(random.random(count) < 0.3, np.nan, random.random(count))
    values[:, Feature.bolus_dose.column] = np.where(random.random(count) < 0.03, 5.0, 0.0)
    values[: random.integers(1, count), Feature.bolus_dose.column] = np.nan
    there = random.random(count) < 0.999
    first = random.integers(0, count - RECORDS_PER_DAY)
    there[first : first + RECORDS_PER_DAY] = False
    return (START + RECORD_INTERVAL * np.arange(count))[there], values[there]


def told(timestamps: Timestamps, values: Values) -> Values:
    return past_after(WearerPast(), timestamps, values)[0]


def of(past: Values, name: str) -> Values:
    return past[:, PAST_FEATURES.index(name)]


def steady(days: float, glucose: float = 150.0) -> tuple[Timestamps, Values]:
    count = int(days * RECORDS_PER_DAY)
    values = np.zeros((count, len(FEATURES)), dtype=np.float32)
    values[:, [Feature.bg.column, Feature.basal_rate.column]] = (glucose, 1.0)
    return np.datetime64("2026-01-05", "s") + RECORD_INTERVAL * np.arange(count), values


@given(seed=st.integers(0, 10_000), cuts=st.lists(st.integers(0, 2700), max_size=6))
@settings(max_examples=25, deadline=None)
def test_a_history_in_parts_says_what_it_says_whole(seed: int, cuts: list[int]) -> None:
    timestamps, values = history(seed)
    whole, ended = past_after(WearerPast(), timestamps, values)
    carried, parts = WearerPast(), []
    cuts = [min(cut, len(values)) for cut in cuts]
    for start, stop in pairwise([0, *sorted(cuts), len(values)]):
        part, carried = past_after(carried, timestamps[start:stop], values[start:stop])
        parts.append(part)
        carried = WearerPast.of_numbers(carried.numbers())
    np.testing.assert_allclose(np.concatenate(parts) / SPREADS, whole / SPREADS, rtol=0, atol=1e-5)
    np.testing.assert_allclose(carried.numbers(), ended.numbers(), rtol=1e-9)
    assert (whole[:, -1] == 1).any()


@given(seed=st.integers(0, 10_000), earlier=st.integers(0, 1000), share=st.floats(0.0, 1.0))
@settings(max_examples=25, deadline=None)
def test_records_that_do_not_follow_are_refused(seed: int, earlier: int, share: float) -> None:
    timestamps, values = history(seed)
    row = 1 + round(share * (len(values) - 2))
    back = timestamps[row - 1] - earlier * RECORD_INTERVAL
    _, carried = past_after(WearerPast(), timestamps[:row], values[:row])
    with pytest.raises(DataError, match=f"the record at {back} lies in the same five minutes as one before it"):
        past_after(carried, np.concatenate([[back], timestamps[row:]]), values[row - 1 :])
    with pytest.raises(DataError, match=f"the record at {back} "):
        told(np.concatenate([timestamps[:row], [back], timestamps[row:]]), np.insert(values, row, values[row], axis=0))


@pytest.mark.parametrize("seed", [0, 1])
def test_one_record_at_a_time_says_the_same(seed: int) -> None:
    timestamps, values = history(seed)
    whole = told(timestamps, values)
    first = int(of(whole, PAST_KNOWN).argmax()) - 150
    _, carried = past_after(WearerPast(), timestamps[:first], values[:first])
    for row in range(first, first + 400):
        one, carried = past_after(carried, timestamps[row : row + 1], values[row : row + 1])
        np.testing.assert_allclose(one[0] / SPREADS, whole[row] / SPREADS, rtol=0, atol=1e-5)


@given(seed=st.integers(0, 10_000), stop=st.integers(1, 2700))
@settings(max_examples=25, deadline=None)
def test_nothing_is_told_of_what_comes_later(seed: int, stop: int) -> None:
    timestamps, values = history(seed)
    other_times, other = history(seed + 1)
    stop = min(stop, len(values) - 1)
    later = other_times + (timestamps[stop - 1] - other_times[0]) + RECORD_INTERVAL
    mixed = told(np.concatenate([timestamps[:stop], later]), np.concatenate([values[:stop], other]))
    np.testing.assert_allclose(mixed[:stop], told(timestamps, values)[:stop], rtol=1e-6)


def test_nothing_is_known_before_a_week_of_readings() -> None:
    past = told(*steady(8.0))
    np.testing.assert_array_equal(past[: WEEK - 1], np.tile(np.float32(UNKNOWN_PAST), (WEEK - 1, 1)))
    assert np.isfinite(past[WEEK - 1 :]).all()
    assert of(past, PAST_KNOWN)[WEEK - 1] == 1


def test_readings_that_were_not_taken_are_no_part_of_the_week() -> None:
    timestamps, values = steady(9.0)
    values[::2, Feature.bg_missing_flag.column] = 1
    assert not told(timestamps, values)[:, -1].any()


def test_a_life_without_change_is_told_as_it_is() -> None:
    last = told(*steady(15.0))[-1]
    said = dict(zip(PAST_FEATURES, last.tolist(), strict=True))
    levels = [
        said[name] for name, row in PAST_TABLE.items() if row.follows == Feature.bg and name != "glucose_deviation"
    ]
    np.testing.assert_allclose(levels, 150.0, rtol=1e-6)
    assert said["basal_a_day"] == pytest.approx(24.0)
    assert said["glucose_deviation"] == pytest.approx(0.0, abs=1e-3)
    assert (said["bolus_a_day"], said["share_low"], said["share_high"]) == (0.0, 0.0, 0.0)


def test_insulin_that_nobody_knows_is_not_none() -> None:
    timestamps, values = steady(9.0)
    values[:, Feature.bolus_dose.column] = np.nan
    past = told(timestamps, values)
    assert np.isnan(of(past, "bolus_a_day")).all()
    assert np.isfinite(of(past, "basal_a_day")[WEEK:]).all()


def test_what_is_usual_at_an_hour_is_of_the_days_before() -> None:
    timestamps, values = steady(10.0)
    hours = (timestamps - timestamps.astype("datetime64[D]")) // np.timedelta64(1, "h")
    values[hours == 7, Feature.bg.column] = 250.0
    values[-RECORDS_PER_DAY:, Feature.bg.column] = 90.0
    past = told(timestamps, values)[-RECORDS_PER_DAY:]
    today = hours[-RECORDS_PER_DAY:]
    assert (of(past, "usual_glucose")[today == 7] > 220.0).all()
    assert (of(past, "usual_glucose_in_1h")[today == 6] > 220.0).all()
    assert (of(past, "usual_glucose")[today != 7] < 160.0).all()


def test_shares_of_time_are_those_of_readings() -> None:
    timestamps, values = steady(20.0)
    values[::10, Feature.bg.column] = 60.0
    values[5::10, Feature.bg.column] = 200.0
    last = told(timestamps, values)[-1:]
    assert of(last, "share_low")[0] == pytest.approx(0.1, abs=1e-3)
    assert of(last, "share_high")[0] == pytest.approx(0.1, abs=1e-3)


def test_it_is_carried_on_in_a_few_hundred_bytes() -> None:
    assert WearerPast().numbers().nbytes < 600
    with pytest.raises(ValueError, match=r"has 69 numbers, not \(3,\)"):
        WearerPast.of_numbers(np.zeros(3))


def test_the_past_is_no_feature_that_a_source_could_give() -> None:
    assert not set(PAST_FEATURES) & set(extra_features())
    assert known_features([*FEATURES, *PAST_FEATURES]) == (*FEATURES, *PAST_FEATURES)
    for wrong in ([*FEATURES, *PAST_FEATURES[1:]], [*FEATURES, *PAST_FEATURES, "carbohydrates"]):
        with pytest.raises(ValueError, match="a part of the past, or other features behind it"):
            known_features(wrong)
