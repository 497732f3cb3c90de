"""A loaded export forecasts from records, and refuses what it cannot honestly forecast from."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.config import Cell, ExportSettings
from bloodtwin_core.export import export_onnx, export_streaming, export_torchscript
from bloodtwin_core.records import (
    CARRIED_BASAL_RECORDS,
    RECORD_INTERVAL,
    RECORDS_PER_HOUR,
    Feature,
    PumpRecords,
    Values,
    records_from_signals,
)
from bloodtwin_core.records.filling import fill_from_the_past
from bloodtwin_core.serving import Forecaster, StreamingForecaster
from bloodtwin_core.serving.facts import ExportedForecast
from bloodtwin_core.serving.streaming_network import States, StreamingNetwork
from tests.core.export.test_export import untrained
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


def test_a_forecast_from_onnx_says_how_sure_it_is(folder: Path) -> None:
    records = tiny_records(count=100, missing=0.0)
    forecast = Forecaster.load(folder / "model.onnx").forecast(records)
    assert forecast.quantiles is not None
    assert forecast.quantiles.shape == (TINY_DATA.horizon, len(forecast.levels))
    for share, below, above in ((0.5, 2, 4), (0.8, 1, 5), (0.9, 0, 6)):
        lowest, highest = forecast.band(share)
        np.testing.assert_array_equal(lowest, forecast.quantiles[:, below])
        np.testing.assert_array_equal(highest, forecast.quantiles[:, above])
        assert (lowest < forecast.glucose).all()
        assert (forecast.glucose < highest).all()
    assert forecast.disagreement is None
    with pytest.raises(SettingsError, match=r"band of 0\.7 .* gives those of 0\.5, 0\.8, 0\.9\. Ask for one of those"):
        forecast.band(0.7)


def test_torchscript_gives_no_bands_and_says_which_file_does(folder: Path) -> None:
    forecast = Forecaster.load(folder / "model.ts").forecast(tiny_records(count=100, missing=0.0))
    with pytest.raises(SettingsError, match=r"gives none.*model\.onnx"):
        forecast.band()


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


@pytest.fixture(scope="module", params=list(Cell))
def exports(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    checkpoint = untrained(request.param)
    export_onnx(checkpoint, folder / "model.onnx", ExportSettings())
    export_streaming(checkpoint, folder / "model_streaming.onnx", ExportSettings())
    return folder


def stream_of(folder: Path) -> StreamingForecaster:
    return StreamingForecaster.load(folder / "model_streaming.onnx")


def one_by_one(records: PumpRecords) -> Iterator[PumpRecords]:
    """Each record as it comes in life: alone, its change of glucose unknown."""
    alone = records.values.copy()
    alone[:, Feature.delta_bg.column] = np.nan
    for row in range(len(records)):
        yield PumpRecords(records.pump_id, records.timestamps[row : row + 1], alone[row : row + 1])


def test_a_stream_of_a_lookback_forecasts_what_the_whole_does(exports: Path) -> None:
    records = tiny_records(count=TINY_DATA.lookback, missing=0.0)
    whole = Forecaster.load(exports / "model.onnx").forecast(records)
    at_once = stream_of(exports)
    at_once.feed(records)
    alone = stream_of(exports)
    for record in one_by_one(records):
        alone.feed(record)
    for stream in (at_once, alone):
        forecast = stream.forecast()
        np.testing.assert_allclose(forecast.glucose, whole.glucose, rtol=0, atol=1e-3)
        np.testing.assert_allclose(forecast.band(0.9), whole.band(0.9), rtol=0, atol=1e-3)
        np.testing.assert_array_equal(forecast.times, whole.times)
        assert (forecast.pump_id, forecast.origin) == (whole.pump_id, whole.origin)


@given(gaps=st.sets(st.integers(1, TINY_DATA.lookback - 2)), flagged=st.booleans())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_gaps_are_carried_forward_and_flagged(exports: Path, gaps: set[int], flagged: bool) -> None:
    """Whether a reading comes as not measured or does not come at all, the stream sees what a window holds."""
    records = tiny_records(count=TINY_DATA.lookback, missing=0.0)
    glucose, basal, bolus = (records.feature(f).copy() for f in (Feature.bg, Feature.basal_rate, Feature.bolus_dose))
    for signal in (glucose, basal, bolus):
        signal[list(gaps)] = np.nan
    with_gaps = records_from_signals(records.pump_id, records.timestamps, glucose, basal, bolus)
    whole = Forecaster.load(exports / "model.onnx").forecast(with_gaps)
    stream = stream_of(exports)
    for row, record in enumerate(one_by_one(with_gaps)):
        if flagged or row not in gaps:
            stream.feed(record)
    np.testing.assert_allclose(stream.forecast().glucose, whole.glucose, rtol=0, atol=1e-3)


def test_a_stream_begins_with_the_first_measured_reading(exports: Path) -> None:
    records = tiny_records(count=TINY_DATA.lookback + 5, missing=0.0)
    stream = stream_of(exports)
    stream.feed(without_readings(records, 0, 5))
    later = stream_of(exports)
    later.feed(PumpRecords("a", records.timestamps[5:], without_readings(records, 0, 5).values[5:]))
    np.testing.assert_array_equal(stream.forecast().glucose, later.forecast().glucose)


def test_a_stream_begins_anew_after_a_gap_that_ends_a_segment(exports: Path) -> None:
    records = tiny_records(count=TINY_DATA.lookback, missing=0.0)
    sixteen_hours = 16 * RECORDS_PER_HOUR * RECORD_INTERVAL
    others = tiny_records(count=TINY_DATA.lookback, seed=1, missing=0.0)
    before = PumpRecords("a", records.timestamps - sixteen_hours - len(records) * RECORD_INTERVAL, others.values)
    stream, fresh = stream_of(exports), stream_of(exports)
    stream.feed(before)
    stream.feed(records.rows(0, 1))
    with pytest.raises(DataError, match="1 have been fed"):
        stream.forecast()
    stream.feed(records.rows(1, len(records)))
    fresh.feed(records)
    np.testing.assert_array_equal(stream.forecast().glucose, fresh.forecast().glucose)


def test_a_stream_refuses_what_it_cannot_forecast_from(exports: Path) -> None:
    records = tiny_records(count=TINY_DATA.lookback + 10, missing=0.0)
    stream = stream_of(exports)
    with pytest.raises(DataError, match="0 have been fed"):
        stream.forecast()
    stream.feed(records.rows(0, 10))
    with pytest.raises(DataError, match="needs 24 records since glucose was first measured, 10 have been fed"):
        stream.forecast()
    stream.feed(without_readings(records, TINY_DATA.lookback).rows(10, TINY_DATA.lookback + 3))
    stream.forecast()
    stream.feed(without_readings(records, 0).rows(TINY_DATA.lookback + 3, TINY_DATA.lookback + 4))
    with pytest.raises(DataError, match=r"last glucose reading is 20 minutes old.*at most 15"):
        stream.forecast()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda records: records.rows(TINY_DATA.lookback - 1, TINY_DATA.lookback),
        lambda records: PumpRecords("a", records.timestamps[-2:] + np.timedelta64(60, "s"), records.values[-2:]),
        lambda records: PumpRecords("a", records.timestamps[[-1, -2]], records.values[[-1, -2]]),
    ],
)
def test_records_that_do_not_follow_are_refused_and_nothing_of_them_taken(
    exports: Path, wrong: Callable[[PumpRecords], PumpRecords]
) -> None:
    records = tiny_records(count=TINY_DATA.lookback + 5, missing=0.0)
    stream = stream_of(exports)
    stream.feed(records.rows(0, TINY_DATA.lookback))
    before = stream.forecast()
    with pytest.raises(DataError, match=r"pump a: the record at 2024-.*does not follow.*in the order of time"):
        stream.feed(wrong(records))
    assert stream.forecast().origin == before.origin
    np.testing.assert_array_equal(stream.forecast().glucose, before.glucose)


def test_a_stream_takes_records_of_one_pump(exports: Path) -> None:
    stream = stream_of(exports)
    stream.feed(tiny_records("a", count=5, missing=0.0))
    with pytest.raises(DataError, match="pump b: this forecaster carries the state of pump a"):
        stream.feed(tiny_records("b", count=1, start="2024-01-01T00:25:00"))


def test_a_basal_rate_is_carried_for_a_day_and_unknown_beyond(exports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = tiny_records(count=CARRIED_BASAL_RECORDS + 10, missing=0.0)
    basal = Feature.basal_rate.column
    records.values[5:, basal] = np.nan
    seen: list[float] = []
    step = StreamingNetwork.step_forecast

    def watched(self: StreamingNetwork, record: Values, states: States) -> tuple[ExportedForecast, States]:
        seen.append(record[0, basal])
        return step(self, record, states)

    monkeypatch.setattr(StreamingNetwork, "step_forecast", watched)
    stream = stream_of(exports)
    stream.feed(records)
    expected = fill_from_the_past(records.values, stream.facts.feature_centre)[:, basal]
    assert np.isnan(expected[-1])
    np.testing.assert_array_equal(seen, expected)
    assert np.isfinite(stream.forecast().glucose).all()
