"""Events are those of the consensus; timelines are what was measured, whatever the gaps."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.evaluation.clinical.events import (
    HYPERGLYCAEMIA,
    HYPOGLYCAEMIA,
    find_events,
    pump_timelines,
)
from bloodtwin_core.records import RECORD_INTERVAL

MARCH = np.datetime64("2024-03-01T00:00:00", "s")


def test_events_are_those_of_agatas_published_example() -> None:
    """The worked example in the tests of py_agata 0.0.8 (Cappon et al.): four starts and durations, in minutes."""
    glucose = np.full(85, 120.0)
    for low in (slice(9, 13), slice(29, 60), slice(61, 63), slice(69, 72), slice(75, 78), slice(79, 82)):
        glucose[low] = 50.0
    glucose[[31, 32, 80]] = np.nan
    events = find_events(glucose, HYPOGLYCAEMIA)
    assert (events.onset * 5).tolist() == [45, 165, 345, 375]
    assert ((events.end - events.onset) * 5).tolist() == [20, 150, 15, 35]


def test_two_readings_are_no_event_and_the_threshold_itself_is_not_beyond() -> None:
    glucose = np.array([70.0, 70, 70, 69, 69, 70, 180, 180, 180, 181, 181, 180])
    assert len(find_events(glucose, HYPOGLYCAEMIA).onset) == 0
    assert len(find_events(glucose, HYPERGLYCAEMIA).onset) == 0
    assert find_events(np.append(glucose, [181.0] * 3), HYPERGLYCAEMIA).onset.tolist() == [12]


def slowly(glucose: list[float], threshold: float) -> list[tuple[int, int]]:
    """The definition, record by record."""
    events, onset, run, since = [], None, 0, 0
    for record, value in enumerate([*glucose, np.nan, np.nan, np.nan]):
        low = value < threshold
        run = run + 1 if low else 0
        since = 0 if low else since + 1
        if onset is None and run == 3:
            onset = record - 2
        if onset is not None and since == 3:
            events.append((onset, record - 2))
            onset = None
    return events


@given(st.lists(st.sampled_from([50.0, 50.0, 100.0, np.nan]), max_size=60))
def test_events_are_those_of_the_definition_record_by_record(glucose: list[float]) -> None:
    events = find_events(np.array(glucose), HYPOGLYCAEMIA)
    assert list(zip(events.onset, events.end, strict=True)) == slowly(glucose, 70.0)


def test_timelines_hold_the_measured_targets_of_each_pump() -> None:
    pump = np.array(["b", "a", "b", "b"])
    timestamp = MARCH + np.array([1, 0, 0, 400]) * RECORD_INTERVAL
    last = np.array([91.0, 120.0, 90.0, 140.0], dtype=np.float32)
    target = np.array([[92.0, 0.0], [121.0, 122.0], [91.0, 92.0], [141.0, 142.0]], dtype=np.float32)
    measured = np.array([[True, False], [True, True], [True, True], [True, True]])
    b, a = pump_timelines(pump, timestamp, last, target, measured)
    assert (a.windows.tolist(), a.readings[1:].tolist()) == ([1], [121.0, 122.0])
    assert b.windows.tolist() == [2, 0, 3]
    assert b.last.tolist() == [90.0, 91.0, 140.0]
    np.testing.assert_array_equal(b.readings[:4], [np.nan, 91.0, 92.0, np.nan])
    assert b.readings[-2:].tolist() == [141.0, 142.0]
    assert np.isnan(b.readings[4:-2]).sum() >= 3
    assert len(b.readings) < 20


def test_a_gap_of_decades_takes_no_memory() -> None:
    timestamp = np.array(["1970-01-01", "2204-01-01"], dtype="datetime64[s]")
    target = np.full((2, 12), 100.0, dtype=np.float32)
    (timeline,) = pump_timelines(np.array(["a", "a"]), timestamp, target[:, 0], target, target > 0)
    assert len(timeline.readings) < 60
