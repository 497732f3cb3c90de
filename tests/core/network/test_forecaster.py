"""The network forecasts the change from the last reading, alike by window and by dense scan."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import Cell, ModelSettings, TrainingMode
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.network.levels import MEDIAN, QUANTILE_LEVELS
from bloodtwin_core.network.quantiles import monotone, pinball, quantiles_from
from bloodtwin_core.records import FEATURES, GLUCOSE_LIMITS, GLUCOSE_RANGES, Feature, Split
from bloodtwin_core.training.module import ForecasterTraining
from tests.core.tiny import TINY_DATA, TINY_MODEL, TINY_TRAINING, awake, tiny_windows


def forecaster(cell: Cell = Cell.lstm, quantiles: bool = True, ensemble_size: int = 1) -> GlucoseForecaster:
    torch.manual_seed(0)
    _, scaler = tiny_windows()
    settings = ModelSettings(
        hidden_size=8, cell=cell, quantiles=quantiles, ensemble_size=ensemble_size, attention=False
    )
    return GlucoseForecaster(settings, TINY_DATA.horizon, scaler, TINY_DATA.lookback).eval()


def attentive(cell: Cell = Cell.lstm) -> GlucoseForecaster:
    """A network whose attention has learned something."""
    torch.manual_seed(0)
    settings = ModelSettings(hidden_size=8, cell=cell, attention=True, ensemble_size=2)
    return awake(GlucoseForecaster(settings, TINY_DATA.horizon, tiny_windows()[1], TINY_DATA.lookback).eval())


def some_lookbacks(count: int = 5) -> torch.Tensor:
    windows, _ = tiny_windows(missing=0.0)
    return torch.from_numpy(windows.lookbacks(windows.origins[Split.test].rows[:count]))


@pytest.mark.parametrize("network", [forecaster(), forecaster(Cell.gru), attentive(), attentive(Cell.gru)])
def test_dense_scan_forecasts_what_the_window_does_when_given_the_same_context(network: GlucoseForecaster) -> None:
    windows, _ = tiny_windows(missing=0.0)
    rows = windows.origins[Split.test].rows[:5]
    lookbacks = torch.from_numpy(windows.lookbacks(rows))
    at = torch.zeros(lookbacks.shape[:2], dtype=torch.bool)
    at[:, -1] = True
    with torch.inference_mode():
        scanned = network.change_at_steps(lookbacks, at)
        torch.testing.assert_close(scanned, network.change(lookbacks), atol=1e-6, rtol=0)
        for one, other in zip(network.forecast_at_steps(lookbacks, at), network.forecast(lookbacks), strict=True):
            torch.testing.assert_close(one, other, atol=1e-3, rtol=0)


@pytest.mark.parametrize("network", [forecaster(), attentive()])
def test_every_step_of_a_scan_has_seen_only_its_past(network: GlucoseForecaster) -> None:
    records = torch.randn(2, 40, len(FEATURES)) * 10 + 100
    changed = records.clone()
    changed[:, 25:] += 50
    at = torch.zeros(2, 40, dtype=torch.bool)
    at[:, :25] = True
    with torch.inference_mode():
        torch.testing.assert_close(network.change_at_steps(records, at), network.change_at_steps(changed, at))


def test_attention_in_a_scan_reaches_back_a_lookback_and_no_further() -> None:
    attention = attentive().each_member[0].attention
    assert attention is not None
    states = torch.randn(1, 3 * TINY_DATA.lookback, 8)
    with torch.inference_mode():
        scanned = attention.at_all_steps(states)[0]
        for step in (0, 5, TINY_DATA.lookback, 3 * TINY_DATA.lookback - 1):
            seen = states[:, max(0, step + 1 - TINY_DATA.lookback) : step + 1]
            torch.testing.assert_close(scanned[step], attention(seen)[0], atol=1e-5, rtol=0)


def test_attention_weights_sum_to_one_and_a_network_without_has_none() -> None:
    weights = attentive().attention(some_lookbacks())
    assert weights.shape == (5, TINY_DATA.lookback)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(5))
    with pytest.raises(SettingsError, match=r"no attention to show.*model\.attention: true"):
        forecaster().attention(some_lookbacks())


def test_attention_begins_as_the_network_without_it() -> None:
    settings = ModelSettings(hidden_size=8, attention=True)
    network = GlucoseForecaster(settings, TINY_DATA.horizon, tiny_windows()[1], TINY_DATA.lookback).eval()
    before = network(some_lookbacks())
    network.each_member[0].attention = None
    torch.testing.assert_close(network(some_lookbacks()), before)


def test_a_network_that_forecasts_no_change_is_persistence() -> None:
    network = forecaster()
    last_layer = network.members[0].decoder[-1]
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
    torch.nn.init.constant_(network.members[0].decoder[-1].bias, 50.0)
    assert network(window).max() <= GLUCOSE_LIMITS.high
    torch.nn.init.constant_(network.members[0].decoder[-1].bias, -50.0)
    assert network(window).min() >= GLUCOSE_LIMITS.low


@pytest.mark.parametrize("feature", [f for f in FEATURES if f not in (Feature.basal_rate, Feature.bolus_dose)])
def test_an_unknown_in_the_input_is_not_hidden(feature: Feature) -> None:
    window = torch.full((1, TINY_DATA.lookback, len(FEATURES)), 100.0)
    window[0, 3, feature.column] = float("nan")
    assert torch.isnan(forecaster()(window)).all()


@pytest.mark.parametrize("feature", [Feature.basal_rate, Feature.bolus_dose])
def test_unknown_insulin_is_a_learned_constant(feature: Feature) -> None:
    network, window = forecaster(), some_lookbacks()
    unknown, usual = window.clone(), window.clone()
    unknown[:, 5:, feature.column] = torch.nan
    usual[:, 5:, feature.column] = network.centre[feature.column]
    torch.testing.assert_close(network(unknown), network(usual), msg="it starts as the usual dose")
    network(unknown).sum().backward()
    learned = network.members[0].unknown_insulin
    assert (learned.grad != 0).tolist() == [feature is Feature.basal_rate, feature is Feature.bolus_dose]
    with torch.no_grad():
        learned += 1.0
    assert (network(unknown) != network(usual)).any()


def test_the_prediction_is_the_median_and_quantiles_never_cross() -> None:
    found = forecaster().forecast(some_lookbacks())
    torch.testing.assert_close(found.quantiles[..., MEDIAN], found.prediction)
    assert found.quantiles.shape == (5, TINY_DATA.horizon, len(QUANTILE_LEVELS))
    assert (found.quantiles.diff(dim=-1) > 0).all()
    assert (found.disagreement == 0).all()


@given(st.lists(st.floats(-100, 100, width=32), min_size=7, max_size=7))
def test_no_output_of_the_decoder_makes_quantiles_cross(raw: list[float]) -> None:
    quantiles = quantiles_from(torch.tensor(raw)[:, None])
    assert (quantiles.diff(dim=0) >= 0).all()
    assert quantiles[MEDIAN] == raw[MEDIAN]
    kept = monotone(torch.tensor(raw)[:, None])
    assert (kept.diff(dim=0) >= 0).all()
    assert kept[MEDIAN] == raw[MEDIAN]
    torch.testing.assert_close(monotone(quantiles), quantiles)


def test_without_quantiles_the_bands_are_the_point_forecast_and_its_offsets() -> None:
    network = forecaster(quantiles=False)
    found = network.forecast(some_lookbacks())
    torch.testing.assert_close(found.quantiles, found.prediction.unsqueeze(-1).expand_as(found.quantiles))
    network.offsets[..., -1] = 10.0
    widened = network.forecast(some_lookbacks())
    torch.testing.assert_close(widened.quantiles[..., -1], found.prediction + 10.0)
    torch.testing.assert_close(widened.prediction, found.prediction)


@pytest.mark.parametrize("quantiles", [True, False])
def test_an_ensemble_forecasts_the_mean_of_its_members_and_says_how_far_apart_they_are(quantiles: bool) -> None:
    network, window = forecaster(quantiles=quantiles, ensemble_size=3), some_lookbacks()
    whole = network.forecast(window)
    torch.testing.assert_close(network(window), whole.prediction)
    alone = []
    for member in network.each_member:
        network.members = torch.nn.ModuleList([member])
        alone.append(network.forecast(window))
    torch.testing.assert_close(whole.prediction, torch.stack([each.prediction for each in alone]).mean(dim=0))
    torch.testing.assert_close(whole.quantiles, torch.stack([each.quantiles for each in alone]).mean(dim=0))
    apart = torch.stack([each.prediction for each in alone]).std(dim=0, correction=0)
    torch.testing.assert_close(whole.disagreement, apart, atol=1e-4, rtol=1e-3)
    assert (apart > 0).all()


def test_offsets_are_those_of_the_range_of_the_last_reading() -> None:
    network = forecaster()
    window = some_lookbacks(1).repeat(len(GLUCOSE_RANGES), 1, 1)
    window[:, -1, Feature.bg.column] = torch.tensor([53.9, 54.0, 180.0, 250.0, 250.1])
    before = network.forecast(window).quantiles
    for number in range(len(GLUCOSE_RANGES)):
        network.offsets[number] = float(number)
    moved = (network.forecast(window).quantiles - before)[..., MEDIAN:]
    torch.testing.assert_close(moved, torch.arange(5.0)[:, None, None].expand_as(moved), atol=1e-3, rtol=0)


def test_the_pinball_loss_of_the_median_is_the_absolute_error_and_each_level_is_least_at_its_quantile() -> None:
    readings = torch.linspace(0, 100, 1001)[:, None]
    candidates = torch.linspace(0, 100, 101)
    losses = torch.stack([pinball(at.expand(1001, 7, 1), readings).mean(dim=0)[:, 0] for at in candidates])
    torch.testing.assert_close(candidates[losses.argmin(dim=0)], 100 * torch.tensor(QUANTILE_LEVELS))
    error = (readings - 30.0).abs().mean()
    torch.testing.assert_close(pinball(torch.full((1001, 7, 1), 30.0), readings)[:, MEDIAN].mean(), error)


def test_the_members_of_an_ensemble_learn_as_each_would_alone() -> None:
    """One batch, no dropout: each member's loss, gradient and clipping are its own."""
    windows, scaler = tiny_windows(pumps=1, missing=0.0)
    model = TINY_MODEL.model_copy(update={"ensemble_size": 2, "dropout": 0.0})
    torch.manual_seed(0)
    together = ForecasterTraining(windows, scaler, model, TINY_TRAINING, "")
    segment = windows.segments_of(Split.train)[0]
    first = windows.origins[Split.train].rows[0]
    chunk = torch.tensor([[segment.start, first, first + 20, segment.stop - 1]])

    def gradients(module: ForecasterTraining) -> list[torch.Tensor]:
        module.zero_grad()
        module.log = lambda *_, **__: None  # type: ignore[method-assign]
        module.training_step(chunk, 0).backward()
        module.configure_gradient_clipping(torch.optim.SGD(module.parameters()), 0.05)
        return [weights.grad for weights in module.forecaster.parameters() if weights.grad is not None]

    found = gradients(together)
    expected = []
    for member in together.forecaster.each_member:
        alone = ForecasterTraining(windows, scaler, model.model_copy(update={"ensemble_size": 1}), TINY_TRAINING, "")
        alone.forecaster.each_member[0].load_state_dict(member.state_dict())
        expected += gradients(alone)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("nearness", [0.0, 1.0])
def test_nearness_weighs_a_step_by_how_near_it_is(nearness: float) -> None:
    windows, scaler = tiny_windows(pumps=1)
    torch.manual_seed(0)
    model = TINY_MODEL.model_copy(update={"quantiles": False, "dropout": 0.0})
    training = TINY_TRAINING.model_copy(update={"nearness": nearness, "mode": TrainingMode.windowed})
    module = ForecasterTraining(windows, scaler, model, training, "")
    module.log = lambda *_, **__: None  # type: ignore[method-assign]
    rows = windows.origins[Split.train].rows[:50]
    with torch.no_grad():
        loss = module.training_step(torch.from_numpy(rows), 0).item() * module.forecaster.glucose_scale.item()
        forecast = module.forecaster(torch.from_numpy(windows.lookbacks(rows))).numpy()
    target, measured = windows.targets(rows)
    weights = measured / np.arange(1, TINY_DATA.horizon + 1) ** nearness
    assert loss == pytest.approx(np.average(np.abs(forecast - target), weights=weights), rel=1e-4)


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
