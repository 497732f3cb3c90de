"""The penalty has the published shape and heights; gRMSE follows from it."""

import numpy as np
import pytest

from bloodtwin_core.evaluation.clinical.glucose_specific import glucose_specific_rmse, penalty, smooth_step


@pytest.mark.parametrize(
    ("true", "forecast", "weight"),
    [
        (55, 65, 2.5),  # Low by 30 mg/dL or more and over by 10: 250 %.
        (40, 200, 2.5),
        (70, 80, 1.75),  # Half way from 85 to 55.
        (55, 60, 1.75),  # Half way from 0 to 10 mg/dL of error.
        (70, 75, 1.375),
        (55, 45, 1.0),  # Underestimated low.
        (255, 235, 2.0),  # High by 100 mg/dL or more and under by 20: 200 %.
        (205, 100, 1.5),
        (255, 245, 1.5),
        (255, 400, 1.0),
        (120, 60, 1.0),
        (85, 300, 1.0),
        (155, 20, 1.0),
        # A quarter of the way, the paper's quartic gives 0.5 - 0.5 + 0.5^3 - 0.5^5 = 0.09375.
        (255, 250, 1.09375),
    ],
)
def test_weights(true: float, forecast: float, weight: float) -> None:
    assert penalty(np.array([true]), np.array([forecast])) == pytest.approx([weight])


def test_the_sigmoid_is_smooth_and_symmetric() -> None:
    share = np.linspace(-0.5, 1.5, 20001)
    step = smooth_step(share)
    np.testing.assert_allclose(step + smooth_step(1 - share), 1.0, atol=1e-12)
    slope = np.gradient(step, share)
    assert (slope >= -1e-9).all()
    assert np.abs(np.diff(np.gradient(slope, share))).max() < 0.01


def test_grmse_at_each_step() -> None:
    target = np.array([[55.0, 120.0], [255.0, np.nan]], dtype=np.float32)
    forecast = np.array([[65.0, 110.0], [235.0, 300.0]], dtype=np.float32)
    found = glucose_specific_rmse(forecast, target, np.isfinite(target))
    assert found == pytest.approx([np.sqrt((2.5 * 100 + 2.0 * 400) / 2), 10.0])
    assert glucose_specific_rmse(forecast, target, np.zeros((2, 2), dtype=bool)) == [None, None]
