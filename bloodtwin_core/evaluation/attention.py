"""What forecasts attend to, averaged over test windows and in single ones, with the test of its faithfulness."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.faithfulness import AttentionFaithfulness, attention_faithfulness
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.network.inference import inference
from bloodtwin_core.records import Feature, Split
from bloodtwin_core.windows import WindowedSeries, evenly_spread, in_batches

Weights = npt.NDArray[np.floating]
"""Attention on each record of a lookback, oldest first, [lookback]; they sum to 1."""
SHOWN_WINDOWS = 500
"""Test windows, evenly spread, over which attention is averaged."""
EXAMPLES = 2


@dataclass(frozen=True)
class AttendedWindow:
    """One test window: readings (mg/dL, NaN where not measured) and weights of its lookback, both [lookback]."""

    pump_id: str
    origin: np.datetime64
    readings: npt.NDArray[np.float32]
    weights: Weights


@dataclass(frozen=True)
class Attended:
    """Mean weights over test windows, [lookback], some single windows, and what the test of attention found.

    faithfulness is a sentence instead where it could not be tested.
    """

    weights: Weights
    examples: tuple[AttendedWindow, ...]
    faithfulness: AttentionFaithfulness | str


def attended(
    forecaster: GlucoseForecaster, windows: WindowedSeries, settings: EvaluationSettings, device: torch.device | str
) -> Attended:
    """Look at and test the attention of a network. Raises SettingsError if it has none."""
    rows = evenly_spread(windows.origins[Split.test].rows, SHOWN_WINDOWS)
    weights_of_batches = []
    with inference(forecaster, device):
        for batch in in_batches(len(rows), settings.batch_size):
            lookbacks = torch.from_numpy(windows.lookbacks(rows[batch])).to(device)
            weights_of_batches.append(forecaster.attention(lookbacks).float().cpu().numpy())
    weights = np.concatenate(weights_of_batches)
    places = np.linspace(0, len(rows) - 1, EXAMPLES + 2).astype(np.int64)[1:-1]
    examples = tuple(_example(windows, int(rows[place]), weights[place]) for place in dict.fromkeys(places.tolist()))
    try:
        faithfulness: AttentionFaithfulness | str = attention_faithfulness(forecaster, windows, settings, device)
    except SettingsError as error:
        faithfulness = f"Whether attention says something true could not be tested: {error}"
    return Attended(weights.mean(axis=0, dtype=np.float64), examples, faithfulness)


def _example(windows: WindowedSeries, row: int, weights: Weights) -> AttendedWindow:
    chosen = np.arange(row - windows.lookback + 1, row + 1)
    readings = np.where(windows.measured[chosen], windows.series[chosen, Feature.bg.column], np.nan)
    pump = str(windows.pump_of(np.array([row]))[0])
    return AttendedWindow(pump, windows.timestamps[row], readings.astype(np.float32), weights)
