"""Small untrained exports for tests of forecasters, under the rules that a test asks for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from bloodtwin_core.config import Cell, DataSettings, ExportSettings, ModelSettings
from bloodtwin_core.export import export_onnx, export_streaming, list_model, onnx_facts, streaming_facts
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.records import Clock, Feature, OriginRules, PumpRecords
from tests.core.export.test_export import SCALER, checkpoint_of, untrained
from tests.core.tiny import TINY_DATA, awake, tiny_records

LOOKBACK = TINY_DATA.lookback


def small_exports(folder: Path, rules: OriginRules) -> Path:
    """model.onnx and model_streaming.onnx of an untrained network in a new folder."""
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = replace(untrained(Cell.lstm), rules=rules)
    export_onnx(checkpoint, folder / "model.onnx", ExportSettings())
    export_streaming(checkpoint, folder / "model_streaming.onnx", ExportSettings())
    return folder


def exports_with_past(folder: Path, data: DataSettings, clock: Clock) -> Path:
    """The same of a network that reads the wearer's past, with weights for everything, the unknown included."""
    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    model, scaler = ModelSettings.model_validate({"hidden_size": 8, "past": True}), SCALER.with_past()
    network = awake(GlucoseForecaster(model, data.horizon, scaler, data.lookback).eval())
    for member in network.each_member:
        torch.nn.init.normal_(member.unknown_extra)
    checkpoint = replace(checkpoint_of(network, model, data, scaler), rules=OriginRules.of(data, clock))
    export_onnx(checkpoint, folder / "model.onnx", ExportSettings())
    list_model(folder / "model.onnx", onnx_facts(checkpoint))
    export_streaming(checkpoint, folder / "model_streaming.onnx", ExportSettings())
    list_model(folder / "model_streaming.onnx", streaming_facts(checkpoint))
    return folder


def rules(clock: Clock | None = Clock.utc, share: float = 0.9) -> OriginRules:
    """The usual rules, on a clock."""
    return OriginRules(clock=clock, min_measured_share=share)


def a_day(count: int = LOOKBACK + 6, zone: str = "") -> PumpRecords:
    """Records without gaps."""
    records = tiny_records(count=count, missing=0.0, start="2026-03-28T22:00:00")
    return PumpRecords(records.pump_id, records.timestamps, records.values, wearer_zone=zone)


def changed(records: PumpRecords, row: int, **values: float) -> PumpRecords:
    """The records with some features of one row set, and nothing else."""
    changed_values = records.values.copy()
    for feature, value in values.items():
        changed_values[row, Feature(feature).column] = value
    return replace(records, values=changed_values)


def without_reading(records: PumpRecords, start: int, stop: int | None = None) -> PumpRecords:
    """The records with some readings not measured, as an importer writes them."""
    values = records.values.copy()
    values[start:stop, [Feature.bg.column, Feature.delta_bg.column]] = np.nan
    values[start:stop, Feature.bg_missing_flag.column] = 1
    if stop is not None and stop < len(values):
        values[stop, Feature.delta_bg.column] = np.nan
    return replace(records, values=values)
