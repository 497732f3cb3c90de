"""What becomes of events on the five-minute grid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import BasalEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.records import RECORD_INTERVAL, Feature, time_of_day
from tests.core.events.hand_made import NOW, START, at, by_minute, pump, records_of, steady_glucose

NAN = float("nan")


def test_a_record_holds_the_five_minutes_up_to_its_time() -> None:
    events = pump([(0, 100), (5, 110), (10, 120)], bolus=[(5.0, 1.0), (5.1, 2.0), (9.9, 0.5)])
    records, _ = records_of(events)
    assert by_minute(records, Feature.bg) == {0: 100, 5: 110, 10: 120}
    assert by_minute(records, Feature.bolus_dose)[5] == 1.0
    assert by_minute(records, Feature.bolus_dose)[10] == 2.5


@pytest.mark.parametrize("shift", [0.0, 0.1, 2.5, 4.9])
def test_times_fall_on_the_utc_grid(shift: float) -> None:
    records, _ = records_of(pump(steady_glucose(60, phase=shift)))
    assert ((records.timestamps - np.datetime64(0, "s")) % RECORD_INTERVAL == np.timedelta64(0, "s")).all()
    assert (np.diff(records.timestamps) == RECORD_INTERVAL).all()
    sin_time, cos_time = time_of_day(records.timestamps)
    np.testing.assert_array_equal(records.feature(Feature.sin_time), sin_time)
    np.testing.assert_array_equal(records.feature(Feature.cos_time), cos_time)


def test_of_two_readings_in_five_minutes_the_later_counts() -> None:
    records, repairs = records_of(pump([(1, 100), (3, 130), (6, 140)]))
    assert by_minute(records, Feature.bg) == {5: 130, 10: 140}
    assert repairs[RepairKind.earlier_readings_in_bin] == 1


def test_a_reading_is_carried_forward_for_seven_and_a_half_minutes_and_no_further() -> None:
    records, repairs = records_of(pump([(2.5, 100), (12.4, 110), (30, 120)]))
    glucose = by_minute(records, Feature.bg)
    assert glucose[5] == 100
    assert glucose[10] == 100, "7.5 min old"
    assert glucose[15] == 110
    assert np.isnan([glucose[20], glucose[25]]).all(), "7.6 min old: missing, not interpolated"
    assert glucose[30] == 120
    assert repairs[RepairKind.readings_carried_forward] == 1
    missing = by_minute(records, Feature.bg_missing_flag)
    assert missing == {5: 0, 10: 0, 15: 0, 20: 1, 25: 1, 30: 0}


def test_delta_stands_only_between_measured_neighbours() -> None:
    records, _ = records_of(pump([(2.5, 100), (12.4, 110), (16, 113), (30, 120), (35, 118)]))
    delta = by_minute(records, Feature.delta_bg)
    assert delta[20] == 3
    assert delta[35] == -2
    assert np.isnan([delta[place] for place in (5, 10, 15, 25, 30)]).all(), "10 is carried forward"


def test_glucose_out_of_range_is_clipped_and_flagged() -> None:
    records, repairs = records_of(pump([(0, 15), (5, 100), (10, 700)]))
    assert by_minute(records, Feature.bg) == {0: 20, 5: 100, 10: 600}
    assert by_minute(records, Feature.bg_clip_flag) == {0: 1, 5: 0, 10: 1}
    assert repairs[RepairKind.readings_clipped] == 2


def test_a_gap_longer_than_the_limit_ends_the_segment_and_its_insulin_is_counted() -> None:
    early, late = steady_glucose(60), steady_glucose(60)
    glucose = GlucoseEvents.of(np.append(early.times, late.times + 86400), np.append(early.glucose, late.glucose))
    records, repairs = records_of(pump(glucose, basal=[(-10, 1.2), (300, 1.2), (1400, 1.2)], bolus=[(600, 4.0)]))
    steps = np.diff(records.timestamps)
    assert (steps > RECORD_INTERVAL).sum() == 1
    assert steps.max() == np.timedelta64(1440 - 55, "m")
    assert repairs[RepairKind.insulin_outside_records] == pytest.approx(4.0 + 1.2 / 60 * (1440 - 55 - 5), abs=0.001)


def test_a_gap_of_just_the_limit_stays_inside_the_segment() -> None:
    records, _ = records_of(pump([(0, 100), (15 * 60, 110)]))
    assert len(records) == 15 * 12 + 1
    assert len(records_of(pump([(0, 100), (15 * 60 + 5, 110)]))[0]) == 2


def test_insulin_around_the_readings_is_kept_as_far_as_a_gap_may_be_long() -> None:
    events = pump([(600, 100), (605, 101)], basal=[(0, 1.0)], bolus=[(660, 2.0), (3000, 3.0)])
    records, repairs = records_of(events, max_gap_hours=1.0)
    assert set(by_minute(records, Feature.bolus_dose)) == set(range(540, 670, 5))
    assert by_minute(records, Feature.bolus_dose)[660] == 2.0
    assert repairs[RepairKind.insulin_outside_records] > 3.0


@pytest.mark.parametrize("when", [np.datetime64("2019-12-31T23:59:59"), NOW + 1])
def test_events_before_2020_or_in_the_future_are_refused_and_counted(when: np.datetime64) -> None:
    glucose = steady_glucose(60)
    events = PumpEvents(
        "a",
        GlucoseEvents.of(np.append(glucose.times, when), np.append(glucose.glucose, 100.0)),
        BasalEvents.of([when], [1.0]),
        BolusEvents.of([when], [5.0]),
    )
    records, repairs = records_of(events)
    assert len(records) == 12
    assert repairs[RepairKind.times_refused] == 3
    assert np.isnan(records.feature(Feature.basal_rate)).all()


def test_the_clock_of_this_computer_tells_what_the_future_is() -> None:
    ahead = np.datetime64("now", "s") + np.timedelta64(1, "D")
    with pytest.raises(DataError, match=r"pump a has no glucose reading"):
        records_from_events(PumpEvents("a", GlucoseEvents.of([ahead], [100.0])), 15.0)


def test_an_extended_bolus_under_way_makes_no_records_of_the_future() -> None:
    events = PumpEvents("a", GlucoseEvents.of([NOW], [100.0]), bolus=BolusEvents.of([NOW - 600], [4.0], [60.0]))
    records, repairs = records_of(events)
    assert records.timestamps[-1] == NOW
    assert records.feature(Feature.bolus_dose).sum() == pytest.approx(4.0 / 6)
    assert repairs[RepairKind.insulin_outside_records] == pytest.approx(4.0 * 5 / 6, abs=0.001)


def test_placeholders_are_missing() -> None:
    readings = [(5.0 * n, 100.0 if 10 <= n < 60 else 120.0 + n % 5) for n in range(70)]
    records, repairs = records_of(pump(readings))
    missing = records.feature(Feature.bg_missing_flag)
    assert missing[11:60].all(), "the reading before is carried into record 10"
    assert missing.sum() == 49
    assert repairs[RepairKind.placeholder_readings] == 50


def test_events_that_stand_again_count_once() -> None:
    events = pump(steady_glucose(60), basal=[(0, 1.0)], bolus=[(10, 2.0)])
    records, repairs = records_of(events.merged(events, events))
    assert records.feature(Feature.bolus_dose).sum() == 2.0
    assert repairs[RepairKind.repeated_events] == 2 * (12 + 1 + 1)


def test_a_pump_without_glucose_is_refused() -> None:
    with pytest.raises(DataError, match=r"pump a has no glucose reading\. Give readings"):
        records_of(pump([], basal=[(0, 1.0)]))


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (pump([(0, 100)], bolus=[(0, 3500)]), "the bolus at 2024-03-01T00:00:00Z is 3500. Check the unit"),
        (pump([(0, 100)], basal=[(0, 850)]), "the basal rate at 2024-03-01T00:00:00Z is 850"),
        (pump([(0, 5000)]), "the glucose at 2024-03-01T00:00:00Z is 5000"),
        (pump([(0, 100)], bolus=[(0, 5, 1e9)]), r"the bolus duration at 2024-03-01T00:00:00Z is 1e\+09"),
    ],
)
def test_amounts_that_are_impossible_in_their_unit_are_refused(events: PumpEvents, said: str) -> None:
    with pytest.raises(DataError, match=said):
        records_of(events)


MINUTE = st.integers(0, 45 * 3600).map(lambda second: second / 60)


@settings(max_examples=60, deadline=None)
@given(
    glucose=st.lists(st.tuples(MINUTE, st.integers(40, 400).map(float)), min_size=1, max_size=80),
    basal=st.lists(st.tuples(MINUTE, st.floats(0, 5) | st.just(NAN)), max_size=20),
    bolus=st.lists(st.tuples(MINUTE, st.floats(0, 30), st.floats(0, 300)), max_size=20),
    cut=MINUTE,
)
def test_no_record_knows_what_comes_after_it(
    glucose: list[tuple[float, float]],
    basal: list[tuple[float, float]],
    bolus: list[tuple[float, float, float]],
    cut: float,
) -> None:
    """Events after a moment change no glucose and no insulin of the records up to it."""
    glucose = [(0.0, 100.0), *glucose]
    whole, _ = records_of(pump(glucose, basal, bolus), max_gap_hours=48.0)
    before = [[event for event in events if event[0] <= cut] for events in (glucose, basal, bolus)]
    part, _ = records_of(pump(*before), max_gap_hours=48.0)  # type: ignore[arg-type]
    end = min(cut // 5 * 5, ((part.timestamps[-1] - START) / np.timedelta64(60, "s")))
    names = (Feature.bg, Feature.delta_bg, Feature.basal_rate, Feature.bolus_dose)
    for name in names:
        known, later = by_minute(part, name), by_minute(whole, name)
        for minute in range(0, int(end) + 1, 5):
            assert known[minute] == pytest.approx(later[minute], nan_ok=True, abs=1e-3), (name, minute)


def test_the_same_events_in_any_order_give_the_same_records() -> None:
    rng = np.random.default_rng(0)
    when, values = rng.permutation(200) * 5.0, rng.uniform(50, 300, 200)
    shuffled = PumpEvents("a", GlucoseEvents.of(at(when), values))
    ordered = PumpEvents("a", GlucoseEvents.of(at(np.sort(when)), values[np.argsort(when)]))
    np.testing.assert_array_equal(records_of(shuffled)[0].values, records_of(ordered)[0].values)
