import numpy as np
import pytest

from bloodtwin_core.insulin.hovorka import Physiology
from bloodtwin_core.simulation.closed_loop import Conditions, live, meal_bolus, predict
from bloodtwin_core.simulation.controller import Therapy
from bloodtwin_core.simulation.gut import empty_gut
from bloodtwin_core.simulation.meals import Meals
from bloodtwin_core.simulation.physiology import steady_state
from bloodtwin_core.simulation.reactions import Reactions

THERAPY = Therapy(basal_rate=0.4, correction_factor=60.0, carbohydrate_ratio=15.0)
PASSIVE = Reactions(0.0, 0.0, 15.0, 0.0, wakes=7.0, sleeps=23.0)
RECORDS = 288


def life(meals=(), boluses=(), sensitivity=1.0, reads=None):
    """A day of Hovorka's person from 8 mmol/L; meals and boluses are (minute, grams)."""
    eaten, counted = np.array(meals).reshape(-1, 2), np.array(boluses).reshape(-1, 2)
    table = Meals(
        eaten[:, 0].astype(np.int64),
        eaten[:, 1].astype(float),
        np.full(len(eaten), 40.0),
        np.full(len(eaten), 0.8),
        counted[:, 0].astype(np.int64),
        counted[:, 1].astype(float),
    )
    ones, zeros = np.ones(RECORDS, np.float32), np.zeros(RECORDS, np.float32)
    reads = np.ones(RECORDS, np.bool_) if reads is None else reads
    stuck = np.zeros(RECORDS, np.bool_)
    conditions = Conditions(np.float32(sensitivity) * ones, ones, zeros, reads, ones, ones, ones, stuck)
    person = Physiology()
    return live(person, THERAPY, PASSIVE, table, conditions, 0, steady_state(person, 8.0)[0], empty_gut())[:3]


def test_automatic_boluses_are_at_least_an_hour_apart():
    readings, _, boluses = life(sensitivity=0.4)
    given = np.flatnonzero(boluses)
    assert len(given) >= 4
    assert np.diff(given).min() == 12
    assert readings[given[0] - 1] > 150


def test_no_automatic_bolus_within_an_hour_of_a_meal_bolus():
    times = [(minute, 1.0) for minute in range(2, 1440, 55)]
    _, _, boluses = life(boluses=times, sensitivity=0.4)
    assert np.count_nonzero(boluses) == len(times)


def test_a_bolus_stands_on_the_record_that_ends_after_it():
    before, _, without = life()
    after, _, boluses = life(meals=[(603, 60.0)], boluses=[(603, 60.0)])
    assert boluses[120] == pytest.approx(meal_bolus(THERAPY, 60.0, after[119], 0.0), abs=0.05)
    np.testing.assert_array_equal(boluses[:120], without[:120])
    np.testing.assert_array_equal(after[:120], before[:120])
    assert after[126] > before[126] + 20


def test_without_a_sensor_the_profile_runs_and_nothing_is_corrected():
    readings, rates, boluses = life(sensitivity=0.4, reads=np.zeros(RECORDS, np.bool_))
    assert np.isnan(readings).all()
    np.testing.assert_allclose(rates, THERAPY.basal_rate)
    assert not boluses.any()


def test_the_calculator_corrects_only_for_what_the_sensor_shows():
    assert meal_bolus(THERAPY, 30.0, np.nan, 5.0) == pytest.approx(2.0)
    assert meal_bolus(THERAPY, 30.0, 170.0, 0.0) == pytest.approx(3.0)
    assert meal_bolus(THERAPY, 30.0, 170.0, 0.4) == pytest.approx(2.6)
    assert meal_bolus(THERAPY, 0.0, 80.0, 0.0) == 0.0


def test_the_trend_is_taken_over_the_oldest_reading_of_the_last_20_minutes():
    nan = np.nan
    readings = np.array([100, 104, 108, 112, 116, nan, nan, 140], np.float32)
    assert predict(readings, 4) == pytest.approx(116 + 30 * 16 / 20)
    assert predict(readings, 7) == pytest.approx(140 + 30 * 28 / 20)
    assert predict(np.array([nan, nan, nan, nan, 120], np.float32), 4) == 120.0
    assert predict(readings, 0) == 100.0
