"""Persistence with the changes of the training windows: their quantiles, calibrated where nothing changes its ways."""

import numpy as np
import pytest

from bloodtwin_core.common.errors import TooFewWindows
from bloodtwin_core.evaluation.coverage import calibration_of
from bloodtwin_core.evaluation.quantile_baseline import change_quantiles, fit_change_quantiles
from bloodtwin_core.records import Feature, Split
from tests.core.evaluation.hand_made import two_pumps

LEVELS = (0.1, 0.5, 0.9)


def test_quantiles_of_the_change_at_each_step() -> None:
    last = np.full(11, 100.0)
    target = 100.0 + np.stack([np.arange(11.0), 10 * np.arange(11.0)], axis=1).astype(np.float32)
    measured = np.ones((11, 2), dtype=bool)
    measured[-1, 1] = False
    found = change_quantiles(last, target, measured, LEVELS)
    np.testing.assert_allclose(found.change, [[1, 5, 9], [9, 45, 81]])
    np.testing.assert_allclose(found.forecast(np.array([200.0, 595.0]))[:, 0], [[201, 205, 209], [596, 600, 600]])


def test_it_is_calibrated_on_the_windows_that_it_was_fitted_on() -> None:
    windows = two_pumps()
    rows = windows.origins[Split.train].rows
    target, measured = windows.targets(rows)
    last = windows.series[rows, Feature.bg.column]
    quantiles = fit_change_quantiles(windows, LEVELS).forecast(last)
    assert (np.diff(quantiles, axis=2) >= 0).all()
    found = calibration_of(quantiles, LEVELS, target, measured, last)
    assert found.pooled.band(0.8).share == pytest.approx([0.8] * 12, abs=0.01)


def test_the_test_split_has_no_say() -> None:
    one, other = two_pumps(), two_pumps()
    for segment in other.segments_of(Split.test):
        other.series[segment.start : segment.stop, Feature.bg.column] += 50
    np.testing.assert_array_equal(*(fit_change_quantiles(windows, LEVELS).change for windows in (one, other)))


def test_a_step_that_was_never_measured_is_said() -> None:
    measured = np.array([[True, False]])
    with pytest.raises(TooFewWindows, match=r"no window has a measured target at step 2.*data\.horizon"):
        change_quantiles(np.array([100.0]), np.full((1, 2), 100.0, np.float32), measured, LEVELS)
