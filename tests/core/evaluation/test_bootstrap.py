"""Intervals hold the figure, cover the truth as often as they say, and find no difference where there is none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.blocks import block_errors, blocks_of
from bloodtwin_core.evaluation.bootstrap import FEWEST_SPARE_DAYS, Resamples, intervals_of
from bloodtwin_core.evaluation.difference import difference, on_common_windows
from bloodtwin_core.evaluation.figures import Interval, Named
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.groups import everything
from bloodtwin_core.evaluation.measuring import pooled_comparison
from bloodtwin_core.evaluation.metrics import Span
from bloodtwin_core.evaluation.table import FigureName
from tests.core.evaluation.hand_made import forecasts_of

SETTINGS = EvaluationSettings(bootstrap_samples=400)
HORIZON = 6


def made(seed: int, days: int = 8, pumps: int = 2, a_day: int = 5) -> TestForecasts:
    """Errors that are alike within a day and differ between days and pumps."""
    random = np.random.default_rng(seed)
    shape = (pumps, days, a_day, HORIZON)
    spread = random.uniform(1, 3, (pumps, 1, 1, 1)) * random.uniform(0.5, 1.5, (pumps, days, 1, 1))
    target = np.full((pumps * days * a_day, HORIZON), 120.0)
    model, persistence = (
        target + (scale * spread * random.normal(0, 1, shape)).reshape(target.shape) for scale in (1.0, 1.3)
    )
    return forecasts_of(target, model, persistence, days=days, pumps=pumps)


def intervals(
    forecasts: TestForecasts, chosen: EvaluationSettings = SETTINGS
) -> Named[dict[str, Interval | None]] | None:
    return pooled_comparison(forecasts, forecasts.complete, chosen).intervals


@given(seed=st.integers(0, 10_000), days=st.integers(3, 12), pumps=st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_an_interval_holds_its_figure(seed: int, days: int, pumps: int) -> None:
    found = intervals(made(seed, days, pumps))
    assert (found is None) == ((days - 1) * pumps < FEWEST_SPARE_DAYS)
    for statistic in () if found is None else found.values():
        for interval in statistic.values():
            assert interval is not None
            assert interval.low <= interval.value <= interval.high


def test_figures_are_those_of_the_windows() -> None:
    forecasts = made(1)
    found = intervals(forecasts)
    assert found is not None
    own, still = (
        np.abs(f - forecasts.target).astype(np.float64) for f in (forecasts.model, forecasts.beside["persistence"])
    )
    at_30 = "test_mae_at_30min"
    expected = {
        "model": own[:, 5].mean(),
        "skill": own[:, 5].mean() / still[:, 5].mean(),
        "minus_persistence": own[:, 5].mean() - still[:, 5].mean(),
    }
    for statistic, value in expected.items():
        interval = getattr(found, statistic)[at_30]
        assert interval.value == pytest.approx(value, rel=1e-5)
    rmse = found.model["test_rmse"]
    assert rmse is not None
    assert rmse.value == pytest.approx(np.sqrt(np.square(own).mean()), rel=1e-5)
    assert set(found.model) == {"test_mae", "test_rmse", at_30}


def test_the_same_settings_draw_the_same_days_and_another_seed_others() -> None:
    forecasts = made(2)
    assert intervals(forecasts) == intervals(forecasts)
    assert intervals(forecasts) != intervals(forecasts, EvaluationSettings(bootstrap_samples=400, bootstrap_seed=1))


def test_days_are_drawn_within_their_pump() -> None:
    pump = np.array(["a"] * 5 + ["b"] * 3 + ["c"])
    weights = Resamples.draw(pump, SETTINGS).weights
    for pump_id in ("a", "b", "c"):
        np.testing.assert_allclose(weights[:, pump == pump_id].sum(axis=1), (pump == pump_id).sum())
    assert (weights[:, pump == "c"] == 1).all()
    assert (weights[0] == 1).all()
    np.testing.assert_allclose(weights[1:, pump == "a"].var(axis=0).mean(), 1.0, atol=0.2)


def test_a_day_of_one_value_has_no_width() -> None:
    target = np.full((40, HORIZON), 100.0)
    found = intervals(forecasts_of(target, target + 2, target + 4, days=4))
    assert found is not None
    mae, skill, less = (s["test_mae"] for s in (found.model, found.skill, found.minus_persistence))
    assert mae is not None
    assert skill is not None
    assert less is not None
    for interval, value in ((mae, 2.0), (skill, 0.5), (less, -2.0)):
        assert (interval.low, interval.value, interval.high) == pytest.approx((value, value, value))


def test_no_skill_where_persistence_has_no_error() -> None:
    target = np.full((40, HORIZON), 100.0)
    found = intervals(forecasts_of(target, target + 2, target, days=4))
    assert found is not None
    assert found.skill["test_mae"] is None
    assert found.minus_persistence["test_mae"] is not None


@pytest.mark.parametrize(("days", "pumps"), [(7, 1), (4, 5), (20, 2)])
def test_about_95_of_100_intervals_hold_the_truth(days: int, pumps: int) -> None:
    """The truth: mean |error| of each pump's days, all pumps alike long; a day's errors share their size."""
    random = np.random.default_rng(3)
    trials, held = 400, 0
    usual = random.uniform(10, 20, pumps)
    resamples = Resamples.draw(np.repeat(np.arange(pumps).astype(str), days), SETTINGS)
    for _ in range(trials):
        sizes = (usual[:, None] * random.lognormal(-0.045, 0.3, (pumps, days))).ravel()
        forecasts = forecasts_of(
            np.full((days * pumps, 1), 300.0), 300.0 + sizes[:, None], np.full((days * pumps, 1), 301.0), days, pumps
        )
        errors = block_errors(forecasts, blocks_of(forecasts), everything(forecasts), forecasts.complete)["all"]
        found = intervals_of(errors, resamples)
        assert found is not None
        mae = found[FigureName("model", "mae", Span.mean), 1]
        assert mae is not None
        held += mae.low <= usual.mean() <= mae.high
    assert 0.91 <= held / trials <= 0.985


def test_the_same_model_does_not_differ_from_itself() -> None:
    forecasts = made(4)
    found = difference(forecasts, forecasts, SETTINGS)
    assert found.a == found.b
    for interval in found.difference.values():
        assert interval is not None
        assert (interval.low, interval.value, interval.high) == (0, 0, 0)
    for interval in found.ratio.values():
        assert interval is not None
        assert (interval.low, interval.value, interval.high) == pytest.approx((1, 1, 1))


def test_a_small_steady_difference_is_seen_where_days_differ_much() -> None:
    """The comparison is paired: what makes a day hard for both cancels."""
    a = made(5, days=12)
    worse = replace(a, model=a.model + np.sign(a.model - a.target) * np.float32(0.1))
    found = difference(a, worse, SETTINGS)
    less, alone = found.difference["test_mae"], intervals(a)
    assert less is not None
    assert alone is not None
    assert alone.model["test_mae"] is not None
    assert (less.low, less.high) == pytest.approx((-0.1, -0.1), abs=1e-3)
    assert alone.model["test_mae"].high - alone.model["test_mae"].low > 0.2
    more = difference(worse, a, SETTINGS).difference["test_mae"]
    assert more is not None
    assert (more.low, more.value) == pytest.approx((-less.high, -less.value))


def test_horizons_of_different_length_are_compared_on_what_they_share() -> None:
    a = made(8)
    shorter = replace(a.take(slice(0, -3)).up_to(3), complete=np.arange(len(a) - 3) > 0)
    mine, theirs = on_common_windows(a, shorter)
    assert (len(mine), mine.horizon) == (len(a) - 3, 3)
    found = difference(mine, theirs, SETTINGS)
    assert found.windows == len(a) - 4
    assert found.a == found.b
    with pytest.raises(SettingsError, match="Test both on the same data"):
        difference(*on_common_windows(a, replace(shorter, target=shorter.target + np.float32(1))), SETTINGS)


def test_windows_are_matched_by_pump_and_time_wherever_their_rows_lie() -> None:
    a = made(9)
    pump_by_pump = np.argsort(a.pump, kind="stable")
    last_pump_first = replace(a, rows=a.rows + 1000).take(np.roll(pump_by_pump, len(a) // 2)).take(slice(3, None))
    mine, theirs = on_common_windows(a, last_pump_first)
    assert len(mine) == len(a) - 3
    np.testing.assert_array_equal(mine.pump, theirs.pump)
    np.testing.assert_array_equal(mine.timestamp, theirs.timestamp)
    np.testing.assert_array_equal(mine.model, theirs.model)
    assert difference(mine, theirs, SETTINGS).windows == len(a) - 3


def test_models_tested_on_no_common_window_are_not_compared() -> None:
    a = made(10)
    later = replace(a, timestamp=a.timestamp + np.timedelta64(365, "D"))
    for other in (later, replace(a, pump=np.char.add("x", a.pump))):
        with pytest.raises(SettingsError, match=r"no window in common.*same data"):
            on_common_windows(a, other)


def test_models_tested_on_other_windows_are_not_compared() -> None:
    a = made(6)
    others = (
        a.take(slice(1, None)),
        replace(a, timestamp=a.timestamp + np.timedelta64(300, "s")),
        replace(a, measured=~a.measured),
        replace(a, target=a.target + np.float32(1)),
    )
    for other in others:
        with pytest.raises(SettingsError, match="Test both on the same data"):
            difference(a, other, SETTINGS)
