import numpy as np
import pytest

from benchmarks.simulation.virtual_wearers import comparison_table, glucose_statistics, persistence_error
from bloodtwin_core.records import RECORD_INTERVAL, records_from_signals


def history_of(glucose, bolus=None, start="2024-01-01"):
    glucose = np.asarray(glucose, dtype=float)
    times = np.datetime64(start, "s") + np.arange(len(glucose)) * RECORD_INTERVAL
    doses = np.zeros(len(glucose)) if bolus is None else np.asarray(bolus, dtype=float)
    return records_from_signals("x", times, glucose, np.full(len(glucose), 1.0), doses)


def test_shares_are_of_what_was_measured():
    made = glucose_statistics(history_of([50, 60, 100, 180, 181, 260, np.nan, np.nan] * 8))
    assert made.very_low == pytest.approx(1 / 6)
    assert made.below == pytest.approx(2 / 6)
    assert made.in_range == pytest.approx(2 / 6)
    assert made.above == pytest.approx(2 / 6)
    assert made.very_high == pytest.approx(1 / 6)
    assert made.missing == pytest.approx(0.25)


def test_insulin_is_per_day():
    bolus = np.zeros(576)
    bolus[[10, 300, 500]] = [4.0, 2.0, 2.0]
    made = glucose_statistics(history_of(np.linspace(100, 200, 576), bolus))
    assert (made.basal_per_day, made.bolus_per_day, made.boluses_per_day) == pytest.approx((24.0, 4.0, 1.5))


def test_persistence_errs_by_the_change_and_never_across_a_break_in_time():
    ramp = history_of(100.0 + np.arange(40))
    assert persistence_error(ramp, 30) == pytest.approx(6.0)
    later = history_of(300.0 + np.arange(40), start="2024-02-01")
    both = type(ramp)(
        "x", np.concatenate([ramp.timestamps, later.timestamps]), np.concatenate([ramp.values, later.values])
    )
    assert persistence_error(both, 30) == pytest.approx(6.0)


def test_the_table_names_each_population_and_its_spread():
    calm, wild = history_of(np.tile([100.0, 110.0], 40)), history_of(np.tile([100.0, 130.0], 40))
    lines = comparison_table({"a": [calm, wild], "b": [calm]}).splitlines()
    assert lines[0] == "| per pump: mean (smallest to largest) | a (2 pumps) | b (1 pumps) |"
    assert "| mean glucose (mg/dL) | 110.0 (105.0 to 115.0) | 105.0 (105.0 to 105.0) |" in lines
    assert "| persistence MAE at 5 min (mg/dL) | 20.0 (10.0 to 30.0) | 10.0 (10.0 to 10.0) |" in lines
