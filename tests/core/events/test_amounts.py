"""Announced carbohydrates on the five-minute grid: every gram in one record or counted, and unknown is not none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import AmountEvents, PumpEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.wearers import joined
from bloodtwin_core.records import CARBOHYDRATES, FEATURES, Feature, PumpRecords
from tests.core.events.hand_made import NOW, at, by_minute, pump, steady_glucose

NINE = (*FEATURES, CARBOHYDRATES)
DAY = 24 * 60


def eaten(*meals: tuple[float, float], minutes: float = 300, **events: object) -> PumpEvents:
    """A pump with a reading every five minutes and meals as (minute, g)."""
    times, grams = zip(*meals, strict=True) if meals else ((), ())
    told = {CARBOHYDRATES: AmountEvents.of(at(times), grams)}
    return replace(pump(steady_glucose(minutes), **events), extra=told)  # type: ignore[arg-type]


def made(events: PumpEvents, max_gap_hours: float = 15.0) -> tuple[PumpRecords, Repairs]:
    return records_from_events(events, max_gap_hours, NOW, NINE)


def test_grams_stand_in_the_five_minutes_in_which_they_were_announced_and_add_up() -> None:
    grams = by_minute(made(eaten((10.0, 20), (10.5, 30), (14, 5), (60, 8)))[0], CARBOHYDRATES)
    assert (grams[10], grams[15], grams[20], grams[60]) == (20, 35, 0, 8)


def test_nothing_is_known_before_the_first_announcement_and_after_a_long_silence() -> None:
    grams = by_minute(made(eaten((10, 20), minutes=2 * DAY))[0], CARBOHYDRATES)
    assert np.isnan(grams[5])
    assert grams[10 + 25 * 60] == 0
    assert np.isnan(grams[15 + 25 * 60]), "whoever announces does so every day"


def test_somebody_who_never_announces_is_not_fasting() -> None:
    for events in (eaten(), pump(steady_glucose(300))):
        assert np.isnan(made(events)[0].feature(CARBOHYDRATES)).all()


def test_an_announcement_of_nothing_says_that_nothing_was_eaten() -> None:
    assert by_minute(made(eaten((10, 0)))[0], CARBOHYDRATES)[60] == 0


def test_where_nobody_asks_records_are_as_if_nothing_had_been_told() -> None:
    events = eaten((10, 20), (10, 20), (-400, 5), (900, 5), basal=[(0, 1.0)])
    told, repairs = records_from_events(events, 15.0, NOW)
    plain, expected = records_from_events(replace(events, extra={}), 15.0, NOW)
    np.testing.assert_array_equal(told.values, plain.values)
    np.testing.assert_array_equal(told.timestamps, plain.timestamps)
    assert repairs == expected


def test_a_meal_after_the_last_reading_has_a_record() -> None:
    grams = by_minute(made(eaten((303, 50), minutes=300))[0], CARBOHYDRATES)
    assert grams[305] == 50


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-2 * DAY, 3 * DAY).map(float), st.integers(0, 200).map(float)), max_size=30),
    st.sampled_from([1.0, 15.0]),
)
def test_every_gram_is_in_the_records_or_counted(meals: list[tuple[float, float]], max_gap_hours: float) -> None:
    once = list(dict.fromkeys(meals))
    records, repairs = made(eaten(*once), max_gap_hours)
    recorded = float(np.nansum(records.feature(CARBOHYDRATES).astype(np.float64)))
    assert recorded + repairs[RepairKind.amounts_outside_records] == pytest.approx(sum(grams for _, grams in once))


def test_what_exceeds_a_record_is_counted() -> None:
    records, repairs = made(eaten((10, 900), (11, 900), (12, 900)))
    assert by_minute(records, CARBOHYDRATES)[15] == 999
    assert repairs[RepairKind.amounts_outside_records] == 801


@pytest.mark.parametrize("change", [(400.0, 30.0), (301.0, 80.0)])
def test_no_record_knows_what_is_announced_after_it(change: tuple[float, float]) -> None:
    before, after = (by_minute(made(eaten((10, 20), *more))[0], CARBOHYDRATES) for more in ((), (change,)))
    assert {minute: after[minute] for minute in before} == pytest.approx(before, nan_ok=True)


def test_repeats_impossible_times_and_amounts_are_dealt_with_as_for_insulin() -> None:
    events = eaten((10, 20), (10, 20), (2_000_000, 5))
    assert made(events)[1][RepairKind.repeated_events] == 1
    assert made(events)[1][RepairKind.times_refused] == 1
    with pytest.raises(DataError, match="the carbohydrates at 2024-03-01T00:10:00Z is 1000"):
        made(eaten((10, 1000)))
    with pytest.raises(ValueError, match="an amount must be finite"):
        AmountEvents.of(at([1.0]), [np.nan])


def test_what_an_older_pump_logs_while_a_newer_one_is_worn_is_left_out() -> None:
    old = eaten((10, 20), (150, 99), basal=[(0, 1.0), (250, 1.0)])
    new = replace(eaten((160, 40), basal=[(100, 2.0), (200, 2.0)]), pump_id="b")
    both = joined("anna", [old, new])
    assert both.extra[CARBOHYDRATES].amount.tolist() == [20, 40]
    assert both.repairs[RepairKind.other_pump_events] == 1
    assert Feature.bolus_dose in made(both)[0].features
