"""The dense scan forecasts for each origin, in order, and says truly how far it is from single windows."""

import numpy as np
import pytest
import torch

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.methods import method_for
from bloodtwin_core.evaluation.testing import forecast_windows
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.network.scan import agreement, scan_forecasts, scan_windows
from bloodtwin_core.records import GLUCOSE_LIMITS, Split
from tests.core.tiny import TINY_DATA, TINY_MODEL, awake, tiny_windows


def forgetful() -> GlucoseForecaster:
    """A network whose memory is shorter than the lookback, as a trained one's is."""
    return with_forget_bias(-4.0)


def with_forget_bias(bias: float) -> GlucoseForecaster:
    """A network whose forget gates lean towards forgetting (below 0) or remembering (above)."""
    torch.manual_seed(0)
    plain = TINY_MODEL.model_copy(update={"attention": False})
    network = GlucoseForecaster(plain, TINY_DATA.horizon, tiny_windows()[1], TINY_DATA.lookback)
    with torch.no_grad():
        for name, weights in network.members[0].recurrent.named_parameters():
            if name.startswith("bias"):
                weights[TINY_MODEL.hidden_size : 2 * TINY_MODEL.hidden_size] = bias
    return network


def test_a_scan_agrees_with_single_windows_for_a_network_that_forgets() -> None:
    windows, _ = tiny_windows(missing=0.03)
    rows = windows.origins[Split.test].rows
    network = forgetful()
    scanned = scan_windows(network, windows, rows)
    alone = forecast_windows(network, windows, rows, 64, "cpu")
    np.testing.assert_allclose(scanned, alone, atol=1e-4)
    assert agreement(network, windows, rows) < 2e-5


def test_a_scan_gives_quantiles_and_disagreement_too() -> None:
    windows, _ = tiny_windows(missing=0.03)
    rows = windows.origins[Split.test].rows
    network = forgetful().eval()
    with torch.inference_mode():
        alone = network.forecast(torch.from_numpy(windows.lookbacks(rows)))
    for scanned, expected in zip(scan_forecasts(network, windows, rows), alone, strict=True):
        torch.testing.assert_close(scanned, expected, atol=1e-3, rtol=0)


def test_origins_may_be_thinned() -> None:
    windows, _ = tiny_windows()
    rows = windows.origins[Split.test].rows
    network = forgetful()
    np.testing.assert_allclose(
        scan_windows(network, windows, rows[::7]), scan_windows(network, windows, rows)[::7], atol=1e-4
    )


def test_a_network_that_remembers_more_than_the_lookback_is_seen_not_to_agree() -> None:
    windows, _ = tiny_windows()
    assert agreement(with_forget_bias(8.0), windows, windows.origins[Split.test].rows) > 1e-2


def test_a_network_with_attention_is_seen_not_to_agree() -> None:
    torch.manual_seed(0)
    windows, scaler = tiny_windows()
    network = awake(GlucoseForecaster(TINY_MODEL, TINY_DATA.horizon, scaler, TINY_DATA.lookback))
    rows = windows.origins[Split.test].rows
    assert agreement(network, windows, rows) > EvaluationSettings().scan_tolerance
    method = method_for(network, windows, EvaluationSettings(scan=True), "cpu")
    assert "tested one by one" in method.reading


@pytest.mark.parametrize(("bias", "limit"), [(1e3, GLUCOSE_LIMITS.high), (-1e3, GLUCOSE_LIMITS.low)])
def test_forecasts_stay_within_the_glucose_limits(bias: float, limit: float) -> None:
    windows, _ = tiny_windows()
    network = forgetful()
    torch.nn.init.constant_(network.members[0].decoder[-1].bias, bias)
    assert (scan_windows(network, windows, windows.origins[Split.test].rows) == np.float32(limit)).all()
