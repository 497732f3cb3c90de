"""The network forecasts the change from the last reading, alike by window and by dense scan."""

import numpy as np
import pytest
import torch

from bloodtwin_core.config import Cell, ModelSettings
from bloodtwin_core.model import GlucoseForecaster
from bloodtwin_core.records import FEATURES, GLUCOSE_LIMITS, Split
from bloodtwin_core.training.module import ForecasterTraining
from tests.core.tiny import TINY_DATA, TINY_MODEL, TINY_TRAINING, tiny_windows


def forecaster(cell: Cell = Cell.lstm) -> GlucoseForecaster:
    torch.manual_seed(0)
    _, scaler = tiny_windows()
    return GlucoseForecaster(ModelSettings(hidden_size=8, cell=cell), TINY_DATA.horizon, scaler).eval()


@pytest.mark.parametrize("cell", list(Cell))
def test_dense_scan_forecasts_what_the_window_does_when_given_the_same_context(cell: Cell) -> None:
    network = forecaster(cell)
    windows, _ = tiny_windows(missing=0.0)
    rows = windows.origins[Split.test].rows[:5]
    lookbacks = torch.from_numpy(windows.lookbacks(rows))
    at = torch.zeros(lookbacks.shape[:2], dtype=torch.bool)
    at[:, -1] = True
    with torch.inference_mode():
        scanned = network.change_at_steps(lookbacks, at)
        torch.testing.assert_close(scanned, network.change(lookbacks), atol=1e-6, rtol=0)


def test_every_step_of_a_scan_has_seen_only_its_past() -> None:
    network = forecaster()
    records = torch.randn(2, 40, len(FEATURES)) * 10 + 100
    changed = records.clone()
    changed[:, 25:] += 50
    at = torch.zeros(2, 40, dtype=torch.bool)
    at[:, :25] = True
    with torch.inference_mode():
        torch.testing.assert_close(network.change_at_steps(records, at), network.change_at_steps(changed, at))


def test_a_network_that_forecasts_no_change_is_persistence() -> None:
    network = forecaster()
    last_layer = network.decoder[-1]
    torch.nn.init.zeros_(last_layer.weight)
    torch.nn.init.zeros_(last_layer.bias)
    windows, _ = tiny_windows(missing=0.0)
    lookbacks = windows.lookbacks(windows.origins[Split.test].rows[:4])
    with torch.inference_mode():
        forecast = network(torch.from_numpy(lookbacks)).numpy()
    np.testing.assert_array_equal(forecast, np.repeat(lookbacks[:, -1, :1], TINY_DATA.horizon, axis=1))


def test_forecasts_stay_within_the_glucose_limits() -> None:
    network = forecaster()
    window = torch.full((2, TINY_DATA.lookback, len(FEATURES)), 100.0)
    window[0, :, 0], window[1, :, 0] = 599.0, 21.0
    torch.nn.init.constant_(network.decoder[-1].bias, 50.0)
    assert network(window).max() <= GLUCOSE_LIMITS.high
    torch.nn.init.constant_(network.decoder[-1].bias, -50.0)
    assert network(window).min() >= GLUCOSE_LIMITS.low


def test_an_unknown_in_the_input_is_not_hidden() -> None:
    window = torch.full((1, TINY_DATA.lookback, len(FEATURES)), 100.0)
    window[0, 3, 0] = float("nan")
    assert torch.isnan(forecaster()(window)).all()


def test_loss_of_dense_and_windowed_mode_is_the_same_number_given_the_same_context() -> None:
    windows, scaler = tiny_windows(pumps=1, missing=0.0)
    torch.manual_seed(0)
    module = ForecasterTraining(windows, scaler, TINY_MODEL, TINY_TRAINING, "").eval()
    first = windows.origins[Split.train].rows[:1]
    segment = windows.segments_of(Split.train)[0]
    chunk = torch.tensor([[segment.start, first[0], first[0] + 1, segment.stop - 1]])
    with torch.inference_mode():
        scanned = module.dense(chunk, TINY_TRAINING.chunk_length)
        alone = module.windowed(torch.from_numpy(first))
    assert scanned.rows.tolist() == first.tolist()
    torch.testing.assert_close(scanned.change, alone.change, atol=1e-6, rtol=0)
    torch.testing.assert_close(scanned.last, alone.last)
