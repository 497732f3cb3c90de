import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.pretrained import base_streaming_forecaster
from bloodtwin_core.records import records_from_signals
from bloodtwin_core.serving.stream_batch import StreamBatch

RECORDS = 320


def wearer(number, records=RECORDS, missing=()):
    """A pump's records, each with another level, and NaN at some rows."""
    rng = np.random.default_rng(number)
    glucose = np.round(140.0 + 10.0 * number + np.cumsum(rng.normal(0.0, 3.0, records)))
    glucose[list(missing)] = np.nan
    times = np.datetime64("2026-01-01T00:00:00", "s") + np.timedelta64(5, "m") * np.arange(records)
    basal, bolus = np.full(records, 0.5 + 0.1 * number), np.where(rng.random(records) < 0.02, 2.0, 0.0)
    return records_from_signals(f"pump{number}", times, glucose, basal, bolus).in_zone("+02:00")


def test_a_batch_forecasts_what_each_stream_does_alone_to_the_last_bit():
    missing = [(), (0, 1, 2, 100, 101), tuple(range(40, 60)), (RECORDS - 1,)]
    pumps = [wearer(number, missing=rows) for number, rows in enumerate(missing)]
    batch = StreamBatch(base_streaming_forecaster().network, len(pumps))
    for row in range(RECORDS):
        batch.feed([pump.rows(row, row + 1) for pump in pumps])
    for place, pump in enumerate(pumps):
        alone = base_streaming_forecaster()
        for row in range(RECORDS):
            alone.feed(pump.rows(row, row + 1))
        ours, theirs = batch.forecast(place), alone.forecast()
        np.testing.assert_array_equal(ours.quantiles, theirs.quantiles)
        np.testing.assert_array_equal(ours.glucose, theirs.glucose)
        assert (ours.pump_id, ours.origin) == (pump.pump_id, theirs.origin)


def test_a_stream_begins_anew_after_a_long_gap_and_the_others_go_on():
    records = 20 + 181 + 20
    pumps = [wearer(0, records), wearer(1, records, missing=range(20, 201))]
    batch = StreamBatch(base_streaming_forecaster().network, 2)
    for row in range(records):
        batch.feed([pump.rows(row, row + 1) for pump in pumps])
    alone = base_streaming_forecaster()
    alone.feed(pumps[1].rows(201, records))
    kept = batch._carried[1]
    np.testing.assert_array_equal(kept.answer.quantiles, alone._carried.answer.quantiles)
    assert (kept.count, batch._carried[0].count) == (20, records)


def test_what_does_not_follow_is_refused_and_nothing_is_taken():
    pumps = [wearer(0), wearer(1)]
    batch = StreamBatch(base_streaming_forecaster().network, 2)
    batch.feed([pump.rows(0, 1) for pump in pumps])
    for rows in [(1, 3), (2, 3)]:
        with pytest.raises(DataError, match="not the one of 5 minutes after"):
            batch.feed([pumps[0].rows(1, 2), pumps[1].rows(*rows)])
    batch.feed([pump.rows(1, 2) for pump in pumps])
    assert [carried.count for carried in batch._carried] == [2, 2]


def test_too_little_is_no_forecast():
    batch = StreamBatch(base_streaming_forecaster().network, 1)
    with pytest.raises(DataError, match="288 records"):
        batch.forecast(0)
