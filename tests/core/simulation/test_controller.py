import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.records import BASAL_LIMITS, BOLUS_LIMITS
from bloodtwin_core.simulation.controller import (
    Therapy,
    add_active_insulin,
    automatic_bolus,
    closed_loop_basal,
    correction_bolus,
    predicted_glucose,
    pump_dose,
)

THERAPY = Therapy(basal_rate=0.8, correction_factor=50.0, carbohydrate_ratio=10.0)


def test_prediction_follows_the_trend_for_30_minutes():
    assert predicted_glucose(150.0, 130.0, 20.0) == pytest.approx(180.0)
    assert predicted_glucose(150.0, 150.0, 5.0) == 150.0


@pytest.mark.parametrize(
    ("predicted", "share"), [(40, 0.0), (70, 0.0), (91.25, 0.5), (112.5, 1.0), (140, 1.0), (160, 1.0)]
)
def test_basal_is_stopped_at_70_reduced_below_112_5_and_left_alone_to_160(predicted, share):
    assert closed_loop_basal(THERAPY, predicted, 0.0) == pytest.approx(share * THERAPY.basal_rate)


def test_basal_is_raised_above_160_unless_enough_insulin_is_active():
    assert closed_loop_basal(THERAPY, 200.0, 0.0) > THERAPY.basal_rate
    assert closed_loop_basal(THERAPY, 200.0, 3.0) == THERAPY.basal_rate


@settings(deadline=None)
@given(st.floats(-200, 700), st.floats(0, 300), st.floats(-5, 30), st.floats(0.05, 8.0))
def test_higher_predictions_never_mean_less_basal_and_the_pump_keeps_its_limits(predicted, more, active, basal_rate):
    therapy = THERAPY._replace(basal_rate=basal_rate)
    low, high = (closed_loop_basal(therapy, glucose, active) for glucose in (predicted, predicted + more))
    assert BASAL_LIMITS.low <= low <= high <= BASAL_LIMITS.high


def test_the_automatic_bolus_is_60_percent_of_the_correction_to_110():
    assert automatic_bolus(THERAPY, 210.0, 0.0, 60) == pytest.approx(0.6 * 2.0)
    assert automatic_bolus(THERAPY, 210.0, 1.0, 60) == pytest.approx(0.6 * 1.0)


def test_no_automatic_bolus_below_180_or_within_an_hour_of_another():
    assert automatic_bolus(THERAPY, 179.0, 0.0, 600) == 0.0
    assert automatic_bolus(THERAPY, 300.0, 0.0, 59) == 0.0
    assert automatic_bolus(THERAPY, 300.0, 10.0, 600) == 0.0


def test_the_automatic_bolus_is_never_above_6_units():
    assert automatic_bolus(THERAPY._replace(correction_factor=5.0), 400.0, 0.0, 600) == 6.0


def test_the_calculator_asks_for_less_below_the_target():
    assert correction_bolus(THERAPY, 60.0, 0.0) == pytest.approx(-1.0)


@settings(deadline=None)
@given(st.floats(-10, 100))
def test_a_dose_is_what_a_pump_can_give(units):
    dose = pump_dose(units)
    assert dose == 0.0 or 0.05 <= dose <= BOLUS_LIMITS.high
    assert dose * 100 == pytest.approx(round(dose * 100))


def test_3_percent_of_a_bolus_is_active_after_5_hours():
    active = np.zeros(2)
    add_active_insulin(active, 1.0)
    for _ in range(60):
        add_active_insulin(active, 0.0)
    assert active.sum() == pytest.approx((1 + 300 / 55) * np.exp(-300 / 55))
    assert 0.02 < active.sum() < 0.03
