"""Tiny data that tests of the core make themselves."""

import numpy as np
import torch

from bloodtwin_core.config import DataSettings, ModelSettings, TrainingSettings
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.records import RECORD_INTERVAL, PumpRecords, Split, records_from_signals
from bloodtwin_core.windows import WindowedSeries, window_series
from bloodtwin_core.windows.scaler import FeatureScaler, fit_scaler

TINY_DATA = DataSettings(lookback=24, horizon=6)
TINY_MODEL = ModelSettings(hidden_size=8, num_layers=2, dropout=0.1)
TINY_TRAINING = TrainingSettings(
    max_epochs=2, chunk_length=64, burn_in=16, chunk_batch_size=4, batch_size=32, threads=1, learning_rate=1e-2
)


def awake(forecaster: GlucoseForecaster) -> GlucoseForecaster:
    """The same network, its attention with weights as if it had learned; a fresh one starts without effect."""
    for member in forecaster.each_member:
        for weights in member.attention.parameters() if member.attention is not None else ():
            torch.nn.init.normal_(weights, std=0.7)
    return forecaster


def tiny_records(
    pump_id: str = "a", count: int = 400, seed: int = 0, missing: float = 0.02, start: str = "2024-01-01T00:00:00"
) -> PumpRecords:
    """A wandering glucose with gaps, a basal rate and a few boluses."""
    random = np.random.default_rng(seed)
    glucose = 140 + 40 * np.sin(np.arange(count) / 15) + random.normal(0, 2, count)
    glucose[random.random(count) < missing] = np.nan
    timestamps = np.datetime64(start, "s") + np.arange(count) * RECORD_INTERVAL
    bolus = np.where(random.random(count) < 0.02, 4.0, 0.0)
    return records_from_signals(pump_id, timestamps, glucose, random.uniform(0.5, 1.5, count), bolus)


def tiny_splits(pumps: int = 2, count: int = 400, missing: float = 0.02) -> list[tuple[Split, PumpRecords]]:
    """Train, validation and test records of some pumps."""
    splits = []
    for pump in range(pumps):
        records = tiny_records(f"pump{pump}", count, seed=pump, missing=missing)
        first, second = count // 2, count * 3 // 4
        splits += [
            (Split.train, records.rows(0, first)),
            (Split.validate, records.rows(first, second)),
            (Split.test, records.rows(second, count)),
        ]
    return splits


def tiny_windows(
    pumps: int = 2, count: int = 400, missing: float = 0.02, settings: DataSettings = TINY_DATA
) -> tuple[WindowedSeries, FeatureScaler]:
    """Windows and scaler of tiny splits."""
    splits = tiny_splits(pumps, count, missing)
    scaler = fit_scaler([records for split, records in splits if split is Split.train])
    return window_series(splits, scaler, settings), scaler
