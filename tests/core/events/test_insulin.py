"""Not a unit of insulin is lost or made up."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.records import BASAL_LIMITS, BOLUS_LIMITS, Feature
from tests.core.events.hand_made import at, by_minute, known_units, pump, records_of, steady_glucose

NAN = float("nan")
DAYS = 3
SECOND = st.integers(0, DAYS * 86400 - 1).map(lambda second: second / 60)
TOLERANCE = 0.01
"""U a day."""


def test_basal_is_the_time_weighted_mean_of_the_bin() -> None:
    records, _ = records_of(pump(steady_glucose(30), basal=[(0, 1.0), (6, 2.0), (7, 0.0), (15, 3.0)]))
    basal = by_minute(records, Feature.basal_rate)
    assert basal[5] == 1.0
    assert basal[10] == pytest.approx((1.0 * 1 + 2.0 * 1 + 0.0 * 3) / 5)
    assert basal[15] == 0.0
    assert basal[20] == 3.0


def test_of_two_rates_at_the_same_second_the_last_holds() -> None:
    records, _ = records_of(pump(steady_glucose(30), basal=[(0, 1.0), (5, 9.0), (5, 2.0)]))
    assert by_minute(records, Feature.basal_rate)[10] == 2.0


def test_an_unknown_rate_is_not_zero_and_a_suspended_one_is() -> None:
    records, repairs = records_of(pump(steady_glucose(40), basal=[(11, 1.2), (20, NAN), (25, 0.0)]))
    basal = by_minute(records, Feature.basal_rate)
    assert np.isnan([basal[5], basal[10], basal[25]]).all()
    assert basal[15] == pytest.approx(1.2 * 4 / 5), "the insulin of the four known minutes"
    assert basal[20] == pytest.approx(1.2)
    assert basal[30] == 0.0
    assert repairs[RepairKind.basal_partly_known] == 1


def test_a_day_without_a_word_from_the_pump_makes_its_insulin_unknown() -> None:
    glucose = steady_glucose(3 * 1440)
    records, _ = records_of(pump(glucose, basal=[(0, 1.0), (2880, 0.5)], bolus=[(60, 3.0)]))
    basal, bolus = by_minute(records, Feature.basal_rate), by_minute(records, Feature.bolus_dose)
    assert basal[60 + 1500] == 1.0, "a bolus is a word from the pump, too"
    assert np.isnan(basal[60 + 1500 + 5])
    assert np.isnan(bolus[60 + 1500 + 5])
    assert bolus[60 + 1500] == 0.0
    assert basal[2885] == 0.5
    assert bolus[2885] == 0.0


def test_where_a_source_says_that_nobody_knows_of_boluses_none_is_not_claimed() -> None:
    told = pump(steady_glucose(60), basal=[(0, 1.2)], bolus=[(20, 2.0)])
    unknown = at([15, 16, 20, 40, 9000])
    bolus = by_minute(records_of(replace(told, insulin_unknown=unknown))[0], Feature.bolus_dose)
    assert [minute for minute, dose in bolus.items() if np.isnan(dose)] == [15, 40]
    assert bolus[20] == 2.0, "what was given is known"
    assert (bolus[10], bolus[45]) == (0.0, 0.0)


def test_without_insulin_events_insulin_is_unknown() -> None:
    records, _ = records_of(pump(steady_glucose(60)))
    assert np.isnan(records.feature(Feature.basal_rate)).all()
    assert np.isnan(records.feature(Feature.bolus_dose)).all()


def test_an_extended_bolus_is_spread_evenly_over_its_duration() -> None:
    records, _ = records_of(pump(steady_glucose(60), basal=[(0, 0.0)], bolus=[(12, 6.0, 30)]))
    bolus = by_minute(records, Feature.bolus_dose)
    assert bolus[15] == pytest.approx(6.0 * 3 / 30)
    assert all(bolus[minute] == pytest.approx(1.0) for minute in (20, 25, 30, 35, 40))
    assert bolus[45] == pytest.approx(6.0 * 2 / 30)
    assert bolus[10] == bolus[50] == 0.0


@pytest.mark.parametrize("minutes", [0.0, 0.5, 4.0])
def test_a_short_extended_bolus_stays_in_its_bin(minutes: float) -> None:
    records, _ = records_of(pump(steady_glucose(30), bolus=[(11, 2.0, minutes)]))
    assert by_minute(records, Feature.bolus_dose)[15] == 2.0


def test_what_exceeds_the_bolus_limit_moves_to_the_next_records() -> None:
    records, repairs = records_of(pump(steady_glucose(40), bolus=[(11, 20.0), (12, 15.0), (13, 30.0), (21, 1.0)]))
    bolus = by_minute(records, Feature.bolus_dose)
    assert (bolus[15], bolus[20], bolus[25], bolus[30]) == (25.0, 25.0, 16.0, 0.0)
    assert repairs[RepairKind.boluses_spread] == 1


def test_what_exceeds_the_basal_limit_is_added_to_the_bolus() -> None:
    records, repairs = records_of(pump(steady_glucose(20), basal=[(0, 16.0), (5, 1.0)]))
    assert by_minute(records, Feature.basal_rate)[5] == 10.0
    assert by_minute(records, Feature.bolus_dose)[5] == pytest.approx(0.5)
    assert repairs[RepairKind.basal_above_limit] == 1


def delivered(
    basal: list[tuple[float, float]], bolus: list[tuple[float, float, float]], end: float, silence: float = 1500.0
) -> float:
    """U of the events up to minute `end`, reckoned second for second: slow, and nothing like the program."""
    heard = sorted([event[0] for event in basal] + [event[0] for event in bolus])
    following = [*heard[1:], np.inf][: len(heard)]
    silent = [(last + silence, NAN) for last, after in zip(heard, following, strict=True) if after > last + silence]
    rate = np.full(round(end * 60), NAN)
    for minute, value in sorted([*silent, *basal], key=lambda event: event[0]):
        rate[round(minute * 60) :] = value
    return float(np.nansum(rate) / 3600 + sum(event[1] for event in bolus))


@settings(max_examples=100, deadline=None)
@given(
    basal=st.lists(
        st.tuples(SECOND, st.floats(0, 35) | st.just(NAN) | st.just(0.0)), max_size=40, unique_by=lambda event: event[0]
    ),
    bolus=st.lists(st.tuples(SECOND, st.floats(0, 60), st.just(0.0) | st.floats(0, 480)), max_size=40),
    phase=st.integers(0, 299).map(lambda second: second / 60),
)
def test_units_in_the_events_are_units_in_the_records(
    basal: list[tuple[float, float]], bolus: list[tuple[float, float, float]], phase: float
) -> None:
    glucose = steady_glucose((DAYS + 1) * 1440, phase)
    events = pump(glucose, basal, bolus).without_repeats()
    kept = list(zip(*_minutes(events.bolus.times), events.bolus.dose, events.bolus.minutes, strict=True))
    records, repairs = records_of(events)
    end = float(_minutes(records.timestamps[-1:])[0][0])
    assert known_units(records) == pytest.approx(delivered(basal, kept, end), abs=TOLERANCE * DAYS)
    assert repairs[RepairKind.insulin_outside_records] == pytest.approx(0.0, abs=0.001)
    assert np.nanmax(records.feature(Feature.bolus_dose), initial=0.0) <= BOLUS_LIMITS.high
    assert np.nanmax(records.feature(Feature.basal_rate), initial=0.0) <= BASAL_LIMITS.high


@settings(max_examples=60, deadline=None)
@given(
    readings=st.lists(SECOND, min_size=1, max_size=30, unique=True),
    basal=st.lists(st.tuples(SECOND, st.floats(0, 12)), min_size=1, max_size=30, unique_by=lambda event: event[0]),
    bolus=st.lists(st.tuples(SECOND, st.floats(0, 30), st.floats(0, 480)), max_size=30),
    max_gap_hours=st.sampled_from([1.0, 4.0, 15.0]),
)
def test_what_long_gaps_leave_out_is_counted_to_the_unit(
    readings: list[float],
    basal: list[tuple[float, float]],
    bolus: list[tuple[float, float, float]],
    max_gap_hours: float,
) -> None:
    sparse = pump(
        [(minute, 100.0 + place % 9) for place, minute in enumerate(readings)], basal, bolus
    ).without_repeats()
    records, repairs = records_of(sparse, max_gap_hours)
    kept = list(zip(*_minutes(sparse.bolus.times), sparse.bolus.dose, sparse.bolus.minutes, strict=True))
    ends = [event[0] for event in basal] + [event[0] + event[2] for event in kept]
    last_bin = max(np.ceil(max(ends) / 5) * 5, _minutes(records.timestamps[-1:])[0][0])
    total = known_units(records) + repairs[RepairKind.insulin_outside_records]
    spread = 5.0 if repairs[RepairKind.boluses_spread] else 0.0
    assert total == pytest.approx(delivered(basal, kept, last_bin), abs=TOLERANCE + spread)


def _minutes(times: np.ndarray) -> list[np.ndarray]:
    start = np.datetime64("2024-03-01T00:00:00", "s")
    return [(times - start) / np.timedelta64(60, "s")]
