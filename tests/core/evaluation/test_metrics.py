"""Errors by step: the values of hand-computed cases, and what must hold for all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bloodtwin_core.evaluation.metrics import ErrorSums, error_sums, no_errors, step_at

GLUCOSE = st.floats(20, 600, width=32)
SHAPE = (5, 3)


@st.composite
def tables(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    forecast = draw(arrays.arrays(np.float32, SHAPE, elements=GLUCOSE))
    target = draw(arrays.arrays(np.float32, SHAPE, elements=GLUCOSE))
    return forecast, target, draw(arrays.arrays(np.bool_, SHAPE))


def hand_made() -> ErrorSums:
    """Errors 1, -2 | 3, not measured | -4, 6 at three steps of two windows."""
    target = np.full((2, 3), 100.0, dtype=np.float32)
    forecast = target + np.array([[1, 3, -4], [-2, 50, 6]], dtype=np.float32)
    return error_sums(forecast, target, np.array([[True, True, True], [True, False, True]]))


def test_thirty_minutes_are_six_steps():
    assert (step_at(30), step_at(60)) == (6, 12)


def test_at_is_one_step_and_mean_is_all_up_to_it():
    errors = hand_made()
    assert errors.mae(3, 3) == pytest.approx(5.0)
    assert errors.mae(1, 3) == pytest.approx((1 + 2 + 3 + 4 + 6) / 5)
    assert errors.rmse(2, 2) == pytest.approx(3.0)
    assert errors.rmse(1, 3) == pytest.approx(np.sqrt((1 + 4 + 9 + 16 + 36) / 5))


def test_bias_is_forecast_minus_reading():
    assert hand_made().bias(1, 1) == pytest.approx(-0.5)
    assert hand_made().bias(1, 3) == pytest.approx((1 - 2 + 3 - 4 + 6) / 5)


def test_a_step_beyond_the_horizon_has_no_error():
    assert hand_made().mae(4, 4) is None
    assert hand_made().mae(1, 4) is None


def test_nothing_measured_has_no_error():
    assert no_errors(3).mae(1, 3) is None
    assert no_errors(3).rmse(1, 1) is None


def test_a_masked_target_may_be_anything():
    target = np.array([[100.0, np.nan]], dtype=np.float32)
    errors = error_sums(np.full((1, 2), 90, dtype=np.float32), target, np.array([[True, False]]))
    assert errors.mae(1, 2) == pytest.approx(10)


def test_a_forecast_that_is_no_number_is_not_hidden():
    forecast = np.array([[np.nan, 100.0]], dtype=np.float32)
    errors = error_sums(forecast, np.full((1, 2), 100, dtype=np.float32), np.ones((1, 2), dtype=np.bool_))
    assert np.isnan(errors.mae(1, 2) or 0.0)


@given(tables())
def test_masking_a_target_equals_removing_it(table: tuple[np.ndarray, np.ndarray, np.ndarray]):
    forecast, target, measured = table
    errors = error_sums(forecast, target, measured)
    for step in range(SHAPE[1]):
        kept = measured[:, step]
        difference = np.abs(forecast[kept, step].astype(np.float64) - target[kept, step])
        assert errors.mae(step + 1, step + 1) == (pytest.approx(difference.mean()) if kept.any() else None)


@given(tables(), tables())
def test_pooled_mae_is_the_mean_of_the_parts_weighted_by_measured_targets(
    one: tuple[np.ndarray, np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray, np.ndarray]
):
    parts = [error_sums(*one), error_sums(*other)]
    weights = [int(part.targets.sum()) for part in parts]
    maes = [part.mae(1, SHAPE[1]) or 0.0 for part in parts]
    together = (parts[0] + parts[1]).mae(1, SHAPE[1])
    assert together == (pytest.approx(np.average(maes, weights=weights)) if sum(weights) else None)


@given(tables())
def test_bias_is_never_beyond_mae(table: tuple[np.ndarray, np.ndarray, np.ndarray]):
    errors = error_sums(*table)
    mae, bias = errors.mae(1, SHAPE[1]), errors.bias(1, SHAPE[1])
    assert (mae is None) == (bias is None)
    assert mae is None or bias is None or abs(bias) <= mae + 1e-6


@given(tables())
def test_rmse_is_never_below_mae(table: tuple[np.ndarray, np.ndarray, np.ndarray]):
    errors = error_sums(*table)
    mae, rmse = errors.mae(1, SHAPE[1]), errors.rmse(1, SHAPE[1])
    assert (mae is None) == (rmse is None)
    assert mae is None or rmse is None or rmse >= mae - 1e-6
