"""Figures that show whether insulin is plausible, on records made here."""

import numpy as np
import pytest

from bloodtwin_core.events.usual_insulin import USUAL, insulin_figures
from bloodtwin_core.records import PumpRecords, records_from_signals

DAY = 288


def records(days: int, basal: float = 1.0, boluses: dict[int, float] | None = None, rise: float = 60.0) -> PumpRecords:
    """A reading every five minutes that swings by rise within hours; boluses by record."""
    count = DAY * days
    times = np.datetime64("2024-03-01T00:00:00", "s") + 300 * np.arange(count)
    dose = np.zeros(count)
    for place, units in (boluses or {}).items():
        dose[place] = units
    glucose = 140 + rise * np.sin(np.arange(count) / 12)
    return records_from_signals("1", times, glucose, np.full(count, basal), dose)


def test_units_a_day_and_the_share_of_basal() -> None:
    found = insulin_figures([records(2, boluses={100: 6.0, 400: 6.0})])
    assert found.units_per_day == pytest.approx(24 + 6)
    assert found.basal_share == pytest.approx(0.8)
    assert found.longest_without_hours == 0
    assert found.unusual() == ("basal_share",)


def test_the_longest_time_without_insulin_ends_with_a_bolus_and_with_a_gap() -> None:
    found = insulin_figures([records(2, basal=0.0, boluses={120: 3.0, 300: 3.0})])
    assert found.longest_without_hours == pytest.approx((DAY * 2 - 301) / 12)
    first, second = records(1, basal=0.0), records(2, basal=0.0).rows(DAY + 12, DAY * 2)
    assert insulin_figures([first, second]).longest_without_hours == 24


def test_insulin_that_nobody_knows_is_not_none() -> None:
    found = insulin_figures([records(1, basal=float("nan"))])
    assert np.isnan([found.units_per_day, found.basal_share, found.longest_without_hours]).all()
    assert found.unusual() == ()


def test_boluses_after_which_glucose_does_not_move_are_unusual() -> None:
    boluses = {48 + 60 * n: 4.0 for n in range(12)}
    assert insulin_figures([records(3, boluses=boluses)]).unmoved_share == 0
    found = insulin_figures([records(3, boluses=boluses, rise=5.0)])
    assert found.unmoved_share == 1
    assert "unmoved_share" in found.unusual()


def test_small_boluses_and_those_at_the_end_say_nothing() -> None:
    assert np.isnan(insulin_figures([records(1, boluses={100: 0.4, DAY - 5: 4.0}, rise=5.0)]).unmoved_share)


def test_what_is_usual_names_its_source() -> None:
    assert all(usual.lowest < usual.highest and "AZT1D" in usual.source for usual in USUAL.values())
