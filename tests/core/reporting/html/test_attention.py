"""What the report says of attention: where it lies, and whether that says something true."""

import numpy as np
import pytest
import torch

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import ModelSettings
from bloodtwin_core.evaluation.attention import Attended, attended
from bloodtwin_core.evaluation.faithfulness import AttentionFaithfulness, MeanDifference
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.reporting.html.attention import attention_section, hours_that_hold
from bloodtwin_core.reporting.html.page import ReportPage, html
from tests.core.reporting.html.made import SETTINGS
from tests.core.tiny import TINY_DATA, tiny_windows

WINDOWS, SCALER = tiny_windows(pumps=2, count=1500, missing=0.0)


def network(attention: bool = True) -> GlucoseForecaster:
    torch.manual_seed(0)
    return GlucoseForecaster(
        ModelSettings(hidden_size=4, attention=attention), TINY_DATA.horizon, SCALER, TINY_DATA.lookback
    )


def truth(more: MeanDifference) -> AttentionFaithfulness:
    return AttentionFaithfulness(1000, 12, 10.0, 12.0, 11.0, 11.5, more, MeanDifference(0.5, 0.2, 0.8))


def test_the_weights_are_the_networks_own():
    found = attended(network(), WINDOWS, SETTINGS, "cpu")
    assert found.weights.shape == (TINY_DATA.lookback,)
    assert found.weights.sum() == pytest.approx(1.0, abs=1e-5)
    [row] = np.flatnonzero((WINDOWS.timestamps == found.examples[0].origin) & (pumps() == found.examples[0].pump_id))
    lookback = torch.from_numpy(WINDOWS.lookbacks(np.array([row])))
    with torch.no_grad():
        weights = network().eval().attention(lookback)[0].numpy()
    np.testing.assert_allclose(found.examples[0].weights, weights, atol=1e-6)


def pumps() -> np.ndarray:
    return WINDOWS.pump_of(np.arange(len(WINDOWS.timestamps)))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (MeanDifference(1.0, 0.4, 1.6), "Attention shows which readings a forecast rests on."),
        (MeanDifference(0.1, -0.4, 0.6), "do not read it as an explanation"),
    ],
)
def test_the_verdict_stands_before_the_pictures(more: MeanDifference, said: str):
    example = attended(network(), WINDOWS, SETTINGS, "cpu").examples
    weights = np.full(TINY_DATA.lookback, 1 / TINY_DATA.lookback)
    section = attention_section(Attended(weights, example, truth(more)))
    assert said in section.words[1]
    assert [row[1].text for row in section.tables[0].rows] == ["10.00", "11.00", "11.50", "12.00"]
    assert said in html(ReportPage("t", "o", [], [section]))


def test_what_could_not_be_tested_is_said():
    section = attention_section(Attended(np.full(24, 1 / 24), (), "Whether it says something true is not known"))
    assert "not known" in section.words[1]
    assert not section.tables


def test_a_network_without_attention_is_refused():
    with pytest.raises(SettingsError, match="has no attention to show"):
        attended(network(attention=False), WINDOWS, SETTINGS, "cpu")


def test_hours_that_hold_a_part_of_the_attention():
    weights = np.zeros(288)
    weights[-12:] = 0.5 / 12
    weights[:12] = 0.5 / 12
    assert hours_that_hold(weights, 0.24) == pytest.approx(0.5)
    assert hours_that_hold(weights, 0.74) == pytest.approx(23.5)
