"""A loaded export forecasts from records, and refuses what it cannot honestly forecast from."""

from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.config import Cell, ExportSettings
from bloodtwin_core.errors import DataError
from bloodtwin_core.export import export_onnx, export_torchscript
from bloodtwin_core.forecasting import Forecaster
from bloodtwin_core.records import RECORD_INTERVAL, Feature, PumpRecords
from tests.core.test_export import untrained
from tests.core.tiny import TINY_DATA, tiny_records


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    checkpoint = untrained(Cell.lstm)
    export_onnx(checkpoint, folder / "model.onnx", ExportSettings())
    export_torchscript(checkpoint, folder / "model.ts")
    return folder


def without_readings(records: PumpRecords, start: int, stop: int | None = None) -> PumpRecords:
    values = records.values.copy()
    values[start:stop, Feature.bg.column] = np.nan
    values[start:stop, Feature.delta_bg.column] = np.nan
    values[start:stop, Feature.bg_missing_flag.column] = 1
    return PumpRecords(records.pump_id, records.timestamps, values)


def test_both_files_give_the_same_forecast_for_the_next_readings(folder: Path) -> None:
    records = tiny_records(count=100, missing=0.0)
    forecasts = [Forecaster.load(folder / name).forecast(records) for name in ("model.onnx", "model.ts")]
    np.testing.assert_allclose(forecasts[0].glucose, forecasts[1].glucose, atol=1e-3)
    assert forecasts[0].glucose.shape == (TINY_DATA.horizon,)
    assert forecasts[0].origin == records.timestamps[-1]
    assert forecasts[0].times[0] == records.timestamps[-1] + RECORD_INTERVAL


def test_only_the_last_lookback_counts(folder: Path) -> None:
    forecaster = Forecaster.load(folder / "model.onnx")
    records = tiny_records(count=100, missing=0.0)
    recent = records.rows(100 - TINY_DATA.lookback, 100)
    np.testing.assert_array_equal(forecaster.forecast(records).glucose, forecaster.forecast(recent).glucose)


def test_missing_readings_are_carried_forward(folder: Path) -> None:
    forecaster = Forecaster.load(folder / "model.onnx")
    records = without_readings(tiny_records(count=100, missing=0.0), 97)
    assert np.isfinite(forecaster.forecast(records).glucose).all()


def test_a_reading_that_is_too_old_is_refused(folder: Path) -> None:
    records = without_readings(tiny_records(count=100, missing=0.0), 96)
    with pytest.raises(DataError, match=r"last glucose reading is 20 minutes old.*at most 15"):
        Forecaster.load(folder / "model.onnx").forecast(records)


def test_too_few_records_and_gaps_are_refused(folder: Path) -> None:
    forecaster = Forecaster.load(folder / "model.onnx")
    records = tiny_records(count=100, missing=0.0)
    with pytest.raises(DataError, match="needs 24 records, there are 10"):
        forecaster.forecast(records.rows(0, 10))
    timestamps = records.timestamps.copy()
    timestamps[95:] += RECORD_INTERVAL
    with pytest.raises(DataError, match=r"no record stands 5 minutes after .*Fill the grid"):
        forecaster.forecast(PumpRecords("a", timestamps, records.values))
