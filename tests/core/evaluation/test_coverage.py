"""Coverage, width, calibration and pinball loss are those of hand-computed cases and of known distributions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_pinball_loss

from bloodtwin_core.evaluation.coverage import CoverageResult, calibration_of, pinball_loss
from bloodtwin_core.evaluation.coverage_targets import coverage_targets
from bloodtwin_core.records import GLUCOSE_RANGES

LEVELS = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
NORMAL = np.array([-1.6449, -1.2816, -0.6745, 0.0, 0.6745, 1.2816, 1.6449])
"""Quantiles of the standard normal distribution at the levels."""


def drawn(windows: int, steps: int = 3, said: float = 1.0, seed: int = 0, start: float = 120.0) -> CoverageResult:
    """Readings drawn from a normal distribution around the last, and quantiles that say so many times its spread."""
    rng = np.random.default_rng(seed)
    last = np.full(windows, start, dtype=np.float32)
    spread = 10.0 * np.arange(1, steps + 1)
    target = (last[:, None] + rng.normal(size=(windows, steps)) * spread).astype(np.float32)
    quantiles = (last[:, None, None] + said * spread[:, None] * NORMAL).astype(np.float32)
    return calibration_of(quantiles, LEVELS, target, np.ones((windows, steps), dtype=bool), last)


def test_hand_computed() -> None:
    quantiles = np.array([[[90, 100, 110]], [[90, 100, 130]], [[90, 100, 130]]], dtype=np.float32)
    target = np.array([[110], [131], [0]], dtype=np.float32)
    measured = np.array([[True], [True], [False]])
    found = calibration_of(quantiles, (0.1, 0.5, 0.9), target, measured, np.array([60, 60, 300], dtype=np.float32))
    (band,) = found.pooled.bands
    assert (band.nominal, band.share, band.width, band.overall_share) == (0.8, [0.5], [30.0], 0.5)
    assert [level.observed for level in found.levels] == [[0.0], [0.0], [0.5]]
    assert [level.overall_pinball for level in found.levels] == pytest.approx([3.05, 10.25, 0.45])
    assert found.overall_pinball == pytest.approx((3.05 + 10.25 + 0.45) / 3)
    assert (found.by_origin_range["54 to 70"].windows, found.by_origin_range["over 250"].windows) == (2, 0)
    assert found.by_target_range["70 to 180"].measured_targets == [2]
    assert found.by_origin_range["over 250"].band(0.8).share == [None]


def test_a_forecast_that_says_the_truth_is_calibrated() -> None:
    found = drawn(20_000)
    assert [band.nominal for band in found.pooled.bands] == [0.5, 0.8, 0.9]
    for band in found.pooled.bands:
        assert band.share == pytest.approx([band.nominal] * 3, abs=0.015)
        assert band.overall_share == pytest.approx(band.nominal, abs=0.01)
    assert found.pooled.band(0.8).width == pytest.approx([2 * 1.2816 * 10 * step for step in (1, 2, 3)], rel=1e-4)
    for level in found.levels:
        assert level.overall_observed == pytest.approx(level.level, abs=0.01)
    median = found.levels[3]
    # Half the mean absolute deviation of a normal distribution, sqrt(2 / pi) times its standard deviation.
    assert median.pinball == pytest.approx([5 * step * np.sqrt(2 / np.pi) for step in (1, 2, 3)], rel=0.03)
    assert all(target.met for target in coverage_targets(found))


@pytest.mark.parametrize("said", [0.7, 1.4])
def test_overconfidence_and_timidity_cost_pinball_loss_and_miss_the_targets(said: float) -> None:
    honest, other = drawn(5000), drawn(5000, said=said)
    assert (other.overall_pinball or 0.0) > (honest.overall_pinball or np.inf)
    assert not any(target.met for target in coverage_targets(other))


def test_readings_that_came_out_extreme_fall_outside_honest_bands() -> None:
    """Why no band can hold its share in a range of the reading that came."""
    found = drawn(20_000)
    assert found.by_origin_range["70 to 180"].band(0.8).overall_share == pytest.approx(0.8, abs=0.01)
    low = found.by_target_range["54 to 70"]
    assert low.windows > 500
    assert low.band(0.8).overall_share == pytest.approx(0.0)


@given(st.floats(20, 600), st.floats(20, 600), st.sampled_from(LEVELS))
def test_pinball_loss_is_scikit_learns(quantile: float, target: float, level: float) -> None:
    loss = pinball_loss(np.array([quantile]), level, np.array([target]))
    assert loss == pytest.approx([mean_pinball_loss([target], [quantile], alpha=level)])
    assert loss >= 0


def test_only_ranges_with_enough_windows_are_judged() -> None:
    few = coverage_targets(drawn(500))
    assert (few[1].worst, few[1].met, few[1].reading) == (None, False, "not measured: no range has over 500 windows")
    many = coverage_targets(drawn(2000))
    assert many[1].where == "with 70 to 180 mg/dL at the origin"
    assert many[1].met


def test_a_missed_target_says_where() -> None:
    quantiles = np.tile(np.array([100, 120, 140], dtype=np.float32), (1000, 2, 1))
    target = np.full((1000, 2), 120, dtype=np.float32)
    target[:200] = 150
    target[:300, 1] = 150
    last = np.full(1000, 120, dtype=np.float32)
    found = calibration_of(quantiles, (0.1, 0.5, 0.9), target, np.ones((1000, 2), dtype=bool), last)
    step, over_all, both = coverage_targets(found)
    assert (step.met, step.worst, step.where) == (False, 0.7, "10 min ahead")
    assert step.reading == "from 70.0% to 80.0%, furthest off 10 min ahead; outside 78% to 82% in 1 of 2"
    assert (over_all.met, over_all.worst) == (True, 0.75)
    assert (both.met, both.where) == (False, "10 min ahead, with 70 to 180 mg/dL at the origin")


def test_without_measured_targets_nothing_is_met() -> None:
    nothing = np.zeros((4, 2), dtype=bool)
    last = np.full(4, 100, dtype=np.float32)
    found = calibration_of(
        np.full((4, 2, 3), 100, np.float32), (0.1, 0.5, 0.9), np.full((4, 2), np.nan, np.float32), nothing, last
    )
    assert (found.overall_pinball, found.pinball, found.pooled.windows) == (None, [None, None], 0)
    assert list(found.by_origin_range) == [each.name for each in GLUCOSE_RANGES]
    assert [(target.met, target.worst) for target in coverage_targets(found)] == [(False, None)] * 3


def test_a_band_that_is_not_there_is_said() -> None:
    with pytest.raises(KeyError, match="no band should hold 99%"):
        drawn(10).pooled.band(0.99)
