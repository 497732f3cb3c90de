"""Sums over blocks pool exactly to what all windows give at once, whatever the grouping."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.evaluation import blocks as module
from bloodtwin_core.evaluation.blocks import block_errors, blocks_of
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.groups import Grouping, by_glucose_range, everything
from bloodtwin_core.evaluation.metrics import error_sums
from tests.core.evaluation.hand_made import forecasts_of

WINDOWS, HORIZON = 60, 4


def made(seed: int) -> TestForecasts:
    random = np.random.default_rng(seed)
    target, model, persistence = random.uniform(40, 300, (3, WINDOWS, HORIZON))
    return forecasts_of(target, model, persistence, days=3, measured=random.random((WINDOWS, HORIZON)) < 0.7)


def test_a_block_is_a_pumps_day() -> None:
    blocks = blocks_of(made(0))
    assert blocks.pump.tolist() == ["pump0"] * 3 + ["pump1"] * 3
    assert np.bincount(blocks.of).tolist() == [10] * 6


def test_no_window_has_no_block() -> None:
    nothing = made(0).take(slice(0, 0))
    errors = block_errors(nothing, blocks_of(nothing), everything(nothing), np.ones(0, dtype=np.bool_))["all"]
    assert errors.total("model").mae(1, HORIZON) is None


@given(seed=st.integers(0, 1000), batch=st.integers(1, WINDOWS))
def test_blocks_pool_to_all_windows_at_once(seed: int, batch: int) -> None:
    forecasts = made(seed)
    among = np.random.default_rng(seed).random(WINDOWS) < 0.5
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BATCH_WINDOWS", batch)
        errors = block_errors(forecasts, blocks_of(forecasts), everything(forecasts), among)["all"]
    assert set(forecasts.forecasters) == {"model", "persistence", "ridge"}
    for name, forecast in forecasts.forecasters.items():
        expected = error_sums(forecast[among], forecasts.target[among], forecasts.measured[among])
        found = errors.total(name)
        np.testing.assert_array_equal(found.targets, expected.targets)
        for metric in ("mae", "rmse", "bias"):
            np.testing.assert_allclose(found.sums[metric], expected.sums[metric], rtol=1e-9, atol=1e-6)


def by_parity(forecasts: TestForecasts) -> Grouping:
    """One group for each window."""
    return Grouping(("even", "odd"), np.arange(len(forecasts)) % 2)


@given(seed=st.integers(0, 1000))
@pytest.mark.parametrize("grouped", [by_glucose_range, by_parity])
def test_groups_divide_what_was_measured(grouped: Callable[[TestForecasts], Grouping], seed: int) -> None:
    forecasts = made(seed)
    groups, everyone = grouped(forecasts), np.ones(WINDOWS, dtype=np.bool_)
    blocks = blocks_of(forecasts)
    errors = block_errors(forecasts, blocks, groups, everyone)
    whole = block_errors(forecasts, blocks, everything(forecasts), everyone)["all"]
    np.testing.assert_array_equal(sum(part.targets for part in errors.values()), whole.targets)
    np.testing.assert_allclose(sum(part.sums for part in errors.values()), whole.sums)
    for place, label in enumerate(groups.labels):
        of_group = np.broadcast_to(groups.of.reshape(WINDOWS, -1) == place, forecasts.measured.shape)
        assert errors[label].windows.sum() == (of_group & forecasts.measured).any(axis=1).sum()


def test_what_belongs_to_no_group_counts_nowhere() -> None:
    forecasts = made(1)
    errors = block_errors(
        forecasts, blocks_of(forecasts), Grouping(("one",), np.full(WINDOWS, -1)), np.ones(WINDOWS, dtype=np.bool_)
    )
    assert errors["one"].targets.sum() == 0
    assert errors["one"].windows.sum() == 0


def test_the_blocks_of_a_pump_are_its_own() -> None:
    forecasts = made(2)
    errors = block_errors(forecasts, blocks_of(forecasts), everything(forecasts), np.ones(WINDOWS, dtype=np.bool_))[
        "all"
    ].of_pump("pump1")
    of_pump = forecasts.only(["pump1"])
    expected = error_sums(of_pump.beside["ridge"], of_pump.target, of_pump.measured)
    np.testing.assert_allclose(errors.total("ridge").sums["mae"], expected.sums["mae"])
