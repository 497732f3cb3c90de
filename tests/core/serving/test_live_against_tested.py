"""What a live forecaster sees of records, as they come in, is what was tested on windows cut from the same records."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import (
    CARRIED_BASAL_RECORDS,
    RECORD_INTERVAL,
    Clock,
    Feature,
    OriginRules,
    PumpRecords,
    Split,
    records_from_signals,
)
from bloodtwin_core.records.joining import records_up_to
from bloodtwin_core.records.segments import contiguous, without_long_gaps
from bloodtwin_core.serving import Forecaster, StreamingForecaster
from bloodtwin_core.serving.intake import taken
from bloodtwin_core.serving.lookback import breaks_in, latest_segment, lookback_of, reach_of
from bloodtwin_core.windows import WindowedSeries, window_series
from tests.core.export.test_export import SCALER
from tests.core.serving.small_models import LOOKBACK, rules, small_exports
from tests.core.tiny import TINY_DATA, tiny_records

GAPS = DataSettings(lookback=LOOKBACK, horizon=TINY_DATA.horizon, max_gap_hours=2.0, min_measured_share=0.3)
"""Windows with many gaps, of which some end a segment."""
RULES = OriginRules.of(GAPS, Clock.utc)


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_exports(tmp_path_factory.mktemp("live"), RULES)


def with_gaps(seed: int, zone: str = "") -> PumpRecords:
    """Records with every kind of gap: readings, insulin told long before or never, holes in the grid, both limits."""
    random = np.random.default_rng(seed)
    count = CARRIED_BASAL_RECORDS + 12 * LOOKBACK
    signals = tiny_records(count=count, seed=seed, missing=0.0)
    glucose, basal, bolus = (
        signals.feature(feature).astype(float) for feature in (Feature.bg, Feature.basal_rate, Feature.bolus_dose)
    )
    for longest, signal in ((4, glucose), (9, glucose), (40, glucose), (5, bolus), (60, basal), (330, basal)):
        for start in random.integers(0, count, 6):
            signal[start : start + random.integers(1, longest + 1)] = np.nan
    glucose[random.integers(0, count, 5)] = 620.0
    glucose[random.integers(0, count, 5)] = 10.0
    glucose[random.random(count) < 0.03] = np.nan
    records = records_from_signals("a", signals.timestamps, glucose, basal, bolus)
    # A change that nobody measured beside a reading, as an importer leaves it where it carried a reading forward.
    records.values[random.integers(0, count, 8), Feature.delta_bg.column] = np.nan
    kept = np.ones(count, dtype=bool)
    for start in random.integers(0, count, 3):
        kept[start : start + random.integers(1, 30)] = False
    return PumpRecords("a", records.timestamps[kept], records.values[kept], wearer_zone=zone)


def windows_tested(records: PumpRecords, data: DataSettings = GAPS) -> WindowedSeries:
    kept = without_long_gaps(records, data.max_gap_hours)
    other = tiny_records("b", count=4 * LOOKBACK)
    return window_series([(Split.train, other), (Split.validate, other), (Split.test, kept)], SCALER, data)


def up_to(records: PumpRecords, origin: np.datetime64) -> PumpRecords:
    return records.rows(0, int(np.searchsorted(records.timestamps, origin, side="right")))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_lookback_is_that_of_the_test_for_every_origin_and_every_kind_of_gap(exports: Path, seed: int) -> None:
    records = with_gaps(seed)
    windows = windows_tested(records)
    facts = Forecaster.load(exports / "model.onnx").facts
    for row in windows.origins[Split.test].rows:
        _, seen = lookback_of(taken(up_to(records, windows.timestamps[row])), facts)
        np.testing.assert_array_equal(seen, windows.lookbacks(np.array([row]))[0])


@given(seed=st.integers(0, 10_000), longest=st.sampled_from([0.1, 0.5, 2.0]))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_segment_ends_where_one_of_a_whole_history_does(exports: Path, seed: int, longest: float) -> None:
    records = with_gaps(seed)
    facts = Forecaster.load(exports / "model.onnx").facts.model_copy(update={"max_gap_hours": longest})
    for stop in range(LOOKBACK, len(records), 13):
        known = records.rows(0, stop)
        recent = known.rows(stop - 13, stop)
        if np.ptp(recent.timestamps) != 12 * RECORD_INTERVAL or not np.isfinite(recent.feature(Feature.bg)).any():
            continue
        live = latest_segment(known, breaks_in(known), facts)
        *_, whole = contiguous(without_long_gaps(known, longest))
        if whole.timestamps[-1] != known.timestamps[-1]:
            assert not len(live)
            continue
        reach = min(len(whole), len(live))
        assert len(live) == len(whole) or known.timestamps[-1] - live.timestamps[0] >= LOOKBACK * RECORD_INTERVAL
        np.testing.assert_array_equal(live.timestamps[-reach:], whole.timestamps[-reach:])


def test_a_live_forecast_is_the_tested_one(exports: Path) -> None:
    records = with_gaps(1)
    windows = windows_tested(records)
    forecaster = Forecaster.load(exports / "model.onnx")
    rows = np.asarray(windows.origins[Split.test].rows)
    tested = forecaster.predict(windows.lookbacks(rows))
    assert len(rows) > 300
    live = [forecaster.forecast(up_to(records, windows.timestamps[row])).glucose for row in rows]
    np.testing.assert_allclose(np.stack(live), tested, rtol=0, atol=1e-4)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_parts_that_were_joined_for_a_live_forecast_give_the_tested_one(exports: Path, seed: int) -> None:
    """As `bloodtwin forecast`, the service and the graph join them: no further back than anything can count."""
    records = with_gaps(seed)
    windows = windows_tested(_on_full_grid(records))
    forecaster = Forecaster.load(exports / "model.onnx")
    rows = np.asarray(windows.origins[Split.test].rows)[::3]
    assert len(rows)
    tested = forecaster.predict(windows.lookbacks(rows))
    third = len(records) // 3
    parts = [records.rows(third, len(records)), records.rows(0, third)]
    reach = reach_of(forecaster.facts, LOOKBACK)
    live = [forecaster.forecast(records_up_to(parts, windows.timestamps[row], reach)).glucose for row in rows]
    np.testing.assert_allclose(np.stack(live), tested, rtol=0, atol=1e-4)


def test_what_was_never_tested_is_never_forecast(exports: Path) -> None:
    """A row that is no origin for anything but its targets has no forecast either."""
    records = with_gaps(2)
    windows = windows_tested(records)
    forecaster = Forecaster.load(exports / "model.onnx")
    origins = {str(time) for time in windows.timestamps[windows.origins[Split.test].rows]}
    last_of_segments = {
        str(windows.timestamps[row])
        for segment in windows.segments_of(Split.test)
        for row in range(max(segment.start, segment.stop - windows.horizon), segment.stop)
    }
    kept = {str(time) for time in windows.timestamps}  # of a gap that turned out to end a segment nobody knows live
    unmeasured_targets = 0
    for stop in range(1, len(records), 7):
        time = str(records.timestamps[stop - 1])
        if time in origins or time in last_of_segments or time not in kept:
            continue
        try:
            forecaster.forecast(records.rows(0, stop))
        except DataError:
            continue
        ahead = records.feature(Feature.bg_missing_flag)[stop : stop + windows.horizon]
        assert (ahead == 1).all(), f"{time} was forecast and not tested"
        unmeasured_targets += 1
    assert unmeasured_targets < 10


def test_a_basal_told_before_the_lookback_is_carried_into_it(exports: Path) -> None:
    records = tiny_records(count=3 * LOOKBACK, missing=0.0)
    records.values[10:, Feature.basal_rate.column] = np.nan
    _, seen = lookback_of(records, Forecaster.load(exports / "model.onnx").facts)
    told = records.values[9, Feature.basal_rate.column]
    np.testing.assert_array_equal(seen[:, Feature.basal_rate.column], np.full(LOOKBACK, told))


def test_a_reading_from_before_the_lookback_is_carried_into_it(exports: Path) -> None:
    records = tiny_records(count=3 * LOOKBACK, missing=0.0)
    first = 2 * LOOKBACK
    records.values[first - 2 : first + 3, [Feature.bg.column, Feature.delta_bg.column]] = np.nan
    records.values[first - 2 : first + 3, Feature.bg_missing_flag.column] = 1
    _, seen = lookback_of(records, Forecaster.load(exports / "model.onnx").facts)
    np.testing.assert_array_equal(seen[:3, Feature.bg.column], np.full(3, records.values[first - 3, Feature.bg.column]))


def test_a_lookback_that_begins_before_the_first_reading_is_refused_as_no_window_begins_there(exports: Path) -> None:
    records = tiny_records(count=LOOKBACK, missing=0.0)
    records.values[0, [Feature.bg.column, Feature.delta_bg.column]] = np.nan
    records.values[0, Feature.bg_missing_flag.column] = 1
    records.values[1, Feature.delta_bg.column] = np.nan
    with pytest.raises(DataError, match="needs 24 records since glucose was first measured, there are 23"):
        Forecaster.load(exports / "model.onnx").forecast(records)


@given(seed=st.integers(0, 10_000), pieces=st.integers(1, 9))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_stream_sees_the_rows_of_the_series_however_it_is_fed(exports: Path, seed: int, pieces: int) -> None:
    """Every row from the first reading of a segment on, the changes at the seams apart, which a stream computes."""
    records = with_gaps(seed)
    stop = 3 * LOOKBACK
    records = replace(records, timestamps=records.timestamps[:stop], values=records.values[:stop])
    records.values[np.arange(0, stop, pieces), Feature.delta_bg.column] = np.nan
    stream = StreamingForecaster.load(exports / "model_streaming.onnx")
    seen: list[np.ndarray] = []
    for start in range(0, stop, pieces):
        stream.feed(records.rows(start, min(start + pieces, stop)))
        if (
            stream._carried.last is not None
            and stream._carried.origin == records.timestamps[min(start + pieces, stop) - 1]
        ):
            seen.append(np.append(stream._carried.last, stream._carried.origin.astype(np.int64)))
    grid = _on_full_grid(records)
    other = tiny_records("b", count=99, start="2023-01-01T00:00:00")
    windows = window_series(
        [(Split.train, other), (Split.validate, other), (Split.test, grid)],
        SCALER,
        GAPS.model_copy(update={"lookback": 2, "horizon": 1, "min_measured_share": 0.0}),
    )
    segments = {int(time.astype(np.int64)): row for time, row in zip(windows.timestamps, windows.series, strict=True)}
    columns = [Feature(name).column for name in ("bg", "basal_rate", "bolus_dose", "sin_time", "cos_time")]
    compared = 0
    for row in seen:
        tested = segments.get(int(row[-1]))
        if tested is not None:
            np.testing.assert_allclose(row[columns], tested[columns], rtol=1e-6)
            compared += 1
    assert compared > len(seen) // 2


def _on_full_grid(records: PumpRecords) -> PumpRecords:
    """Records that did not come as records that hold nothing, and long gaps taken out, as a stream takes them."""
    place = ((records.timestamps - records.timestamps[0]) / RECORD_INTERVAL).astype(int)
    unknown = np.full(place[-1] + 1, np.nan)
    times = records.timestamps[0] + RECORD_INTERVAL * np.arange(place[-1] + 1)
    grid = records_from_signals("a", times, unknown, unknown, unknown)
    grid.values[place] = records.values
    return without_long_gaps(grid, GAPS.max_gap_hours)


def test_a_run_keeps_its_rules_wherever_its_exports_go(tmp_path: Path) -> None:
    strict = OriginRules(max_reading_age_minutes=0, min_measured_share=0.5, max_gap_hours=1, clock=Clock.utc)
    lax = OriginRules(max_reading_age_minutes=60, min_measured_share=0.0, max_gap_hours=15, clock=Clock.utc)
    for folder, kept in (("strict", strict), ("lax", lax), ("usual", rules())):
        facts = Forecaster.load(small_exports(tmp_path / folder, kept) / "model.onnx").facts
        assert {name: getattr(facts, name) for name in OriginRules.model_fields} == dict(kept)
    records = tiny_records(count=2 * LOOKBACK, missing=0.0)
    records.values[-1:, [Feature.bg.column, Feature.delta_bg.column]] = np.nan
    records.values[-1:, Feature.bg_missing_flag.column] = 1
    for name, load in (("model.onnx", Forecaster.load), ("model_streaming.onnx", StreamingForecaster.load)):
        for folder, refused in (("strict", True), ("lax", False), ("usual", False)):
            model = load(tmp_path / folder / name)
            if isinstance(model, StreamingForecaster):
                model.feed(records)
                forecast = model.forecast
            else:
                forecast = lambda model=model: model.forecast(records)  # noqa: E731
            if refused:
                with pytest.raises(DataError, match=r"5 minutes old.*at most 0 minutes"):
                    forecast()
            else:
                assert np.isfinite(forecast().glucose).all()
