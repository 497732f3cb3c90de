"""Small untrained exports for tests of forecasters, under the rules that a test asks for."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from bloodtwin_core.config import Cell, ExportSettings
from bloodtwin_core.export import export_onnx, export_streaming
from bloodtwin_core.records import Clock, Feature, OriginRules, PumpRecords
from tests.core.export.test_export import untrained
from tests.core.tiny import TINY_DATA, tiny_records

LOOKBACK = TINY_DATA.lookback


def small_exports(folder: Path, rules: OriginRules) -> Path:
    """model.onnx and model_streaming.onnx of an untrained network in a new folder."""
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = replace(untrained(Cell.lstm), rules=rules)
    export_onnx(checkpoint, folder / "model.onnx", ExportSettings())
    export_streaming(checkpoint, folder / "model_streaming.onnx", ExportSettings())
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
