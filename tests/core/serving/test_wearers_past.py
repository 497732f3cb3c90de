"""What a live forecaster knows of a wearer's past is what was tested on windows cut from the same records."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import (
    FEATURES,
    PAST_TABLE,
    RECORDS_PER_DAY,
    Clock,
    Feature,
    PumpRecords,
    Split,
    Values,
    records_from_signals,
)
from bloodtwin_core.records.past import NOTHING_SEEN
from bloodtwin_core.records.segments import without_long_gaps
from bloodtwin_core.serving import Forecaster, StreamingForecaster
from bloodtwin_core.serving.carried import after, nothing_carried
from bloodtwin_core.serving.facts import ExportedForecast, ExportFacts
from bloodtwin_core.serving.lookback import past_of_records
from bloodtwin_core.serving.stream_batch import StreamBatch
from bloodtwin_core.serving.streaming_network import States
from bloodtwin_core.windows import WindowedSeries, window_series
from tests.core.export.test_export import SCALER
from tests.core.serving.small_models import exports_with_past
from tests.core.tiny import TINY_DATA, tiny_records

GAPS = DataSettings(lookback=24, horizon=TINY_DATA.horizon, max_gap_hours=2.0, min_measured_share=0.3)
WITH_PAST = SCALER.with_past()
SPREADS = np.array([row.spread for row in PAST_TABLE.values()])
EIGHT = len(FEATURES)
DAYS = 11


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exports_with_past(tmp_path_factory.mktemp("past"), GAPS, Clock.utc)


def a_life(seed: int, days: int = DAYS) -> PumpRecords:
    """Records of some days on a full grid: short gaps, gaps that end a segment, insulin that nobody knows."""
    random = np.random.default_rng(seed)
    count = days * RECORDS_PER_DAY
    signals = tiny_records(count=count, seed=seed, missing=0.02)
    glucose, basal, bolus = (
        signals.feature(feature).astype(float) for feature in (Feature.bg, Feature.basal_rate, Feature.bolus_dose)
    )
    for longest, signal in ((60, glucose), (60, glucose), (5, bolus), (60, basal), (330, basal)):
        for start in random.integers(0, count, 4):
            signal[start : start + random.integers(1, longest + 1)] = np.nan
    glucose[-40:] = 150 + 30 * np.sin(np.arange(40) / 9)
    return records_from_signals("a", signals.timestamps, glucose, basal, bolus)


def windows_tested(records: PumpRecords) -> WindowedSeries:
    learnt, chosen = (tiny_records(pump, count=99, start="2023-01-01T00:00:00") for pump in ("b", "c"))
    kept = without_long_gaps(records, GAPS.max_gap_hours)
    return window_series([(Split.train, learnt), (Split.validate, chosen), (Split.test, kept)], WITH_PAST, GAPS)


class Listener:
    """Stands for the network, and keeps what it is given."""

    def __init__(self, facts: ExportFacts) -> None:
        self.facts = facts
        self.given: list[Values] = []

    def zero_states(self, _batch: int = 1) -> States:
        return {}

    def step_forecast(self, reading: Values, states: States) -> tuple[ExportedForecast, States]:
        self.given.append(reading[0])
        return ExportedForecast(np.zeros((1, GAPS.horizon), dtype=np.float32)), states


@given(seed=st.integers(0, 10_000), cuts=st.lists(st.integers(1, DAYS * RECORDS_PER_DAY - 1), max_size=5))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_stream_reads_the_past_of_the_series_however_it_is_fed(exports: Path, seed: int, cuts: list[int]) -> None:
    records = a_life(seed)
    windows = windows_tested(records)
    rows = {int(time.astype(np.int64)): row for time, row in zip(windows.timestamps, windows.series, strict=True)}
    network = Listener(StreamingForecaster.load(exports / "model_streaming.onnx").facts)
    carried = nothing_carried(network)
    ends = sorted(
        {
            *cuts,
            *range(len(records) - 3 * RECORDS_PER_DAY, len(records), 5),
            *range(len(records) - 40, len(records) + 1),
        }
    )
    compared = 0
    for start, stop in zip([0, *ends[:-1]], ends, strict=True):
        carried = after(carried, records.rows(start, stop), network)
        row = rows.get(int(records.timestamps[stop - 1].astype(np.int64)))
        if row is None or carried.origin != records.timestamps[stop - 1]:  # Of a gap that ends a segment.
            continue
        np.testing.assert_allclose(network.given[-1][EIGHT:] / SPREADS, row[EIGHT:] / SPREADS, rtol=0, atol=1e-5)
        compared += 1
    assert compared > 100
    assert row is not None
    assert row[-1] == 1, "by then a week is known"


def test_a_live_forecast_is_the_tested_one(exports: Path) -> None:
    records = a_life(1)
    windows = windows_tested(records)
    forecaster = Forecaster.load(exports)
    rows = np.asarray(windows.origins[Split.test].rows)[::150]
    batch = forecaster.predict(windows.lookbacks(rows))
    stops = np.searchsorted(records.timestamps, windows.timestamps[rows], side="right")
    live = forecaster.forecast_many([records.rows(0, int(stop)) for stop in stops])
    np.testing.assert_allclose(np.stack([each.glucose for each in live]), batch, rtol=0, atol=1e-4)
    unknown = forecaster.predict(np.ascontiguousarray(windows.lookbacks(rows)[..., :EIGHT]))
    late = windows.series[rows, -1] == 1
    assert (np.abs(batch - unknown)[late] > 1e-3).any(axis=1).all(), "it makes something of it"
    np.testing.assert_allclose(batch[~late], unknown[~late], rtol=0, atol=1e-4)


def test_whoever_gives_a_lookback_alone_is_forecast_without_a_past(exports: Path) -> None:
    records = a_life(2)
    last_day = records.rows(len(records) - GAPS.lookback, len(records))
    told = Forecaster.load(exports / "model.onnx")
    never_told = Forecaster(told.predict, told.facts.model_copy(update={"wearer_past": {}}))
    np.testing.assert_allclose(told.forecast(last_day).glucose, never_told.forecast(last_day).glucose, atol=1e-3)
    assert np.abs(told.forecast(records).glucose - never_told.forecast(records).glucose).max() > 1e-3


def test_what_was_seen_before_the_records_can_be_handed_over(exports: Path) -> None:
    records = a_life(8)
    forecaster = Forecaster.load(exports)
    border = 9 * RECORDS_PER_DAY
    _, seen = past_of_records(records.rows(0, border), forecaster.facts, NOTHING_SEEN)
    recent = records.rows(border - 400, len(records))
    [live] = forecaster.forecast_many([recent], [seen])
    np.testing.assert_allclose(live.glucose, forecaster.forecast(records).glucose, atol=1e-4)
    assert np.abs(live.glucose - forecaster.forecast(recent).glucose).max() > 1e-3


def test_a_stream_goes_on_with_the_past_from_its_file(exports: Path, tmp_path: Path) -> None:
    records = a_life(3, days=8)
    whole, first, second = (StreamingForecaster.load(exports / "model_streaming.onnx") for _ in range(3))
    whole.feed(records)
    border = len(records) - 10
    first.feed(records.rows(0, border))
    first.save(tmp_path / "stream.npz")
    second.restore(tmp_path / "stream.npz")
    np.testing.assert_array_equal(second._carried.past.numbers(), first._carried.past.numbers())
    second.feed(records.rows(border, len(records)))
    np.testing.assert_allclose(second.forecast().glucose, whole.forecast().glucose, atol=1e-4)
    assert second._carried.past.seen[0] > 7 * RECORDS_PER_DAY


def test_a_gap_that_ends_a_segment_is_no_end_of_the_past(exports: Path) -> None:
    records = a_life(4, days=9)
    border = 8 * RECORDS_PER_DAY
    stream = StreamingForecaster.load(exports / "model_streaming.onnx")
    stream.feed(records.rows(0, border))
    seen = stream._carried.past.seen[0]
    stream.feed(records.rows(border + RECORDS_PER_DAY // 2, len(records)))
    assert stream._carried.count < RECORDS_PER_DAY
    assert stream._carried.past.seen[0] > seen


def test_many_streams_at_once_know_each_wearers_past(exports: Path) -> None:
    network = StreamingForecaster.load(exports / "model_streaming.onnx").network
    lives = [a_life(5, days=8), replace(a_life(6, days=8), pump_id="b")]
    batch = StreamBatch(network, len(lives))
    alone = [StreamingForecaster(network) for _ in lives]
    border = len(lives[0]) - 20
    for stream, life in zip(alone, lives, strict=True):
        stream.feed(life.rows(0, border))
    batch._carried = [stream._carried for stream in alone]
    for row in range(border, len(lives[0])):
        batch.feed([life.rows(row, row + 1) for life in lives])
    for place, (stream, life) in enumerate(zip(alone, lives, strict=True)):
        stream.feed(life.rows(border, len(life)))
        np.testing.assert_allclose(batch.forecast(place).glucose, stream.forecast().glucose, atol=1e-3)
        assert batch._carried[place].past.seen[0] == stream._carried.past.seen[0]


def test_a_kept_past_that_is_none_is_refused(exports: Path, tmp_path: Path) -> None:
    stream = StreamingForecaster.load(exports / "model_streaming.onnx")
    stream.feed(a_life(7, days=1))
    stream.save(tmp_path / "stream.npz")
    with np.load(tmp_path / "stream.npz") as arrays:
        kept = {name: arrays[name] for name in arrays.files}
    np.savez(tmp_path / "short.npz", **{**kept, "wearer_past": kept["wearer_past"][:5]})
    with pytest.raises(DataError, match="Feed the last day of records"):
        stream.restore(tmp_path / "short.npz")
