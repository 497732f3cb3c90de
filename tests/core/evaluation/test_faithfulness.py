"""The test of attention passes attention that points at what matters, and no other."""

import numpy as np
import pytest
import torch
from torch import Tensor

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import EvaluationSettings, ModelSettings
from bloodtwin_core.evaluation.faithfulness import AttentionFaithfulness, attention_faithfulness, without_readings
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.records import Feature, Split
from bloodtwin_core.records.filling import fill_from_the_past
from tests.core.tiny import TINY_DATA, tiny_windows

SETTINGS = EvaluationSettings(bootstrap_samples=200, batch_size=50)
WINDOWS, SCALER = tiny_windows(pumps=2, count=9000, missing=0.0)


class Pointing(GlucoseForecaster):
    """Forecasts what it read at some places, and attends to the same places or to others."""

    def __init__(self, rests_on: list[int], attends_to: list[int], by_window: bool = False) -> None:
        super().__init__(ModelSettings(hidden_size=4), TINY_DATA.horizon, SCALER, TINY_DATA.lookback)
        self.rests_on, self.attends_to, self.by_window = rests_on, attends_to, by_window

    def forward(self, window: Tensor) -> Tensor:
        reading = window[..., Feature.bg.column]
        places = self.places(window, self.rests_on)
        return reading.gather(1, places).mean(dim=1, keepdim=True).expand(-1, TINY_DATA.horizon)

    def attention(self, window: Tensor) -> Tensor:
        weights = torch.zeros(window.shape[:2])
        return weights.scatter(1, self.places(window, self.attends_to), 1.0)

    def places(self, window: Tensor, first: list[int]) -> Tensor:
        """The same places in every window, or a little later where the last reading says so."""
        later = (window[:, -1, Feature.bg.column] * 10).long() % 4 * 4 if self.by_window else torch.zeros(len(window))
        return torch.tensor(first) + later.long()[:, None]


def judged(network: GlucoseForecaster) -> AttentionFaithfulness:
    return attention_faithfulness(network, WINDOWS, SETTINGS, removed=3)


def test_attention_to_what_each_forecast_rests_on_passes() -> None:
    """Other windows rest on readings of other ages, so losing theirs is cheaper too."""
    found = judged(Pointing([4, 5, 6], [4, 5, 6], by_window=True))
    assert found.holds_for_each_window
    assert found.mae_without_attended > found.mae_without_random
    assert found.more_than_random.low < found.more_than_random.mean < found.more_than_random.high
    assert found.more_than_random.mean == pytest.approx(found.mae_without_attended - found.mae_without_random)
    assert "shows which readings a forecast rests on" in found.verdict()


def test_attention_to_the_right_age_alone_is_told_apart() -> None:
    found = judged(Pointing([19, 20, 21], [19, 20, 21]))
    assert found.holds
    assert not found.holds_for_each_window
    assert found.more_than_of_another.mean == 0.0
    assert "how old the readings are" in found.verdict()


def test_attention_to_what_does_not_matter_fails() -> None:
    found = judged(Pointing([19, 20, 21], [3, 4, 5]))
    assert not found.holds
    assert "do not read it as an explanation" in found.verdict()


def test_on_few_days_nothing_is_sure() -> None:
    few, _ = tiny_windows(pumps=2, count=2500, missing=0.0)
    found = attention_faithfulness(Pointing([4, 5, 6], [4, 5, 6], by_window=True), few, SETTINGS, removed=3)
    assert found.more_than_random.mean > 0
    assert not found.holds
    assert "too few days for an interval" in found.verdict()
    assert "nothing is sure" in found.verdict()


def test_a_reading_taken_away_is_what_a_gap_leaves() -> None:
    lookbacks = WINDOWS.lookbacks(WINDOWS.origins[Split.test].rows[:2])
    places = np.array([[3, 4, 9], [22, 1, 10]])
    expected = lookbacks.copy()
    for window, gone in zip(expected, places, strict=True):
        window[gone, Feature.bg.column] = np.nan
        window[gone, Feature.bg_missing_flag.column] = 1
        window[np.union1d(gone, gone + 1), Feature.delta_bg.column] = np.nan
        window[:] = fill_from_the_past(window, SCALER.centres)
    np.testing.assert_array_equal(without_readings(lookbacks, places), expected)


def test_a_network_without_attention_or_too_short_a_lookback_is_refused() -> None:
    plain = GlucoseForecaster(
        ModelSettings(hidden_size=4, attention=False), TINY_DATA.horizon, SCALER, TINY_DATA.lookback
    )
    with pytest.raises(SettingsError, match=r"model\.attention: true"):
        judged(plain)
    with pytest.raises(SettingsError, match=r"taking 30 readings.*data\.lookback"):
        attention_faithfulness(plain, WINDOWS, SETTINGS, removed=30)


def test_a_real_network_is_judged() -> None:
    torch.manual_seed(0)
    settings = ModelSettings(hidden_size=4, attention=True, ensemble_size=2)
    found = judged(GlucoseForecaster(settings, TINY_DATA.horizon, SCALER, TINY_DATA.lookback))
    assert found.windows > 100
    assert found.verdict()
