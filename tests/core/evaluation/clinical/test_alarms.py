"""Alarms are judged by event: what is announced, what was false, and what nobody could have known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.evaluation.clinical.alarms import AlarmResults, alarm_results, threshold_alarms
from bloodtwin_core.evaluation.clinical.events import (
    HYPERGLYCAEMIA,
    HYPOGLYCAEMIA,
    PumpTimeline,
    Threshold,
    find_events,
    pump_timelines,
)
from bloodtwin_core.records import RECORD_INTERVAL

HORIZON = 12
MARCH = np.datetime64("2024-03-01T00:00:00", "s")


def timelines_of(glucose: np.ndarray, pump: str = "a") -> list[PumpTimeline]:
    """One pump; a forecast origin at every measured record that has the whole horizon ahead of it."""
    origins = np.flatnonzero(np.isfinite(glucose[:-HORIZON]))
    target = glucose[origins[:, None] + np.arange(1, HORIZON + 1)].astype(np.float32)
    last = glucose[origins].astype(np.float32)
    timestamp = MARCH + origins * RECORD_INTERVAL
    return pump_timelines(np.full(len(origins), pump), timestamp, last, target, np.isfinite(target))


def judge(
    glucose: np.ndarray, alarms: list[int], threshold: Threshold = HYPOGLYCAEMIA, minutes: int = 60
) -> AlarmResults:
    """Alarms at these records: the forecast there crosses at its first step, and nowhere else."""
    timelines = timelines_of(glucose)
    origins = np.flatnonzero(np.isfinite(glucose[:-HORIZON]))
    forecast = np.full((len(origins), HORIZON), 120.0, dtype=np.float32)
    forecast[np.isin(origins, alarms), 0] = 60.0 if threshold.below else 200.0
    return alarm_results(timelines, forecast, threshold, minutes)


def one_event(onset: int = 60, length: int = 5, low: float = 60.0) -> np.ndarray:
    glucose = np.full(150, 120.0)
    glucose[onset : onset + length] = low
    return glucose


def test_an_alarm_in_time_announces_the_event() -> None:
    found = judge(one_event(), [54])
    assert (found.events, found.announced, found.alarms, found.true_alarms) == (1, 1, 1, 1)
    assert (found.sensitivity, found.precision, found.false_alarms_per_day) == (1.0, 1.0, 0.0)
    assert found.sensitivity_interval == pytest.approx((0.2065, 1.0), abs=1e-4)
    assert found.median_lead_minutes == 30.0
    assert found.days == pytest.approx((150 - HORIZON) / 288)


def test_consecutive_alarms_are_one() -> None:
    found = judge(one_event(), list(range(50, 60)))
    assert (found.announced, found.alarms, found.median_lead_minutes) == (1, 1, 50.0)


def test_without_an_alarm_the_event_is_missed() -> None:
    found = judge(one_event(), [])
    assert (found.events, found.announced, found.sensitivity, found.precision) == (1, 0, 0.0, None)
    assert found.median_lead_minutes is None


@pytest.mark.parametrize(("alarm", "true"), [(48, 1), (47, 0), (59, 1), (60, 0), (66, 0)])
def test_an_alarm_is_true_within_its_minutes_before_the_event(alarm: int, true: int) -> None:
    found = judge(one_event(), [alarm])
    assert (found.true_alarms, found.announced) == (true, true)


def test_looking_less_far_ahead_makes_an_early_alarm_false() -> None:
    early = judge(one_event(), [50], minutes=30)
    assert (early.true_alarms, early.alarms, early.announced) == (0, 1, 0)
    late = judge(one_event(), [54], minutes=30)
    assert (late.true_alarms, late.announced) == (1, 1)


def test_a_false_alarm_that_goes_on_is_raised_again_after_its_minutes() -> None:
    found = judge(np.full(150, 120.0), list(range(20, 50)))
    assert (found.alarms, found.true_alarms, found.precision, found.sensitivity) == (3, 0, 0.0, None)
    assert found.false_alarms_per_day == pytest.approx(3 / ((150 - HORIZON) / 288))


def test_an_early_alarm_that_still_stands_announces_the_event_though_it_was_raised_too_early() -> None:
    found = judge(one_event(), list(range(47, 58)))
    assert (found.announced, found.true_alarms, found.alarms) == (1, 0, 1)
    assert found.median_lead_minutes == 60.0


def test_during_an_event_there_are_no_alarms() -> None:
    glucose = one_event(length=12)
    glucose[65:67] = 80.0
    found = judge(glucose, list(range(60, 72)))
    assert (found.events, found.alarms) == (1, 0)


def test_after_an_event_the_next_needs_an_alarm_of_its_own() -> None:
    glucose = one_event(onset=60, length=3)
    glucose[67:70] = 60.0
    both = judge(glucose, [58, 65])
    assert (both.events, both.announced, both.alarms) == (2, 2, 2)
    first = judge(glucose, [58])
    assert (first.events, first.announced, first.precision) == (2, 1, 1.0)


def test_hyperglycaemia_is_judged_the_same_way() -> None:
    found = judge(one_event(low=200.0), [55], HYPERGLYCAEMIA)
    assert (found.events, found.announced, found.alarms) == (1, 1, 1)
    assert judge(one_event(low=200.0), [], HYPOGLYCAEMIA).events == 0


def test_an_event_that_no_forecast_could_announce_does_not_count() -> None:
    glucose = one_event(onset=60, length=20)
    glucose[30:60] = np.nan  # 150 minutes without a reading: no forecast origin within 60 minutes before it.
    found = judge(glucose, [])
    assert (found.events, found.events_without_forecast) == (0, 1)
    from_the_start = judge(one_event(onset=0, length=20), [])
    assert (from_the_start.events, from_the_start.events_without_forecast) == (0, 1)


def test_an_alarm_before_a_gap_that_may_hide_an_event_is_not_judged() -> None:
    glucose = np.full(150, 120.0)
    glucose[55:58] = np.nan
    hidden = judge(glucose, [52])
    assert (hidden.alarms, hidden.alarms_not_judged, hidden.precision) == (0, 1, None)
    glucose[56] = 120.0
    seen = judge(glucose, [52])
    assert (seen.alarms, seen.alarms_not_judged, seen.precision) == (1, 0, 0.0)


def test_pumps_are_counted_together_and_kept_apart() -> None:
    glucose = one_event()
    two = []
    for place, name in enumerate("ab"):
        (timeline,) = timelines_of(glucose, name)
        size = len(timeline.windows)
        two.append(PumpTimeline(timeline.windows + place * size, timeline.origin, timeline.last, timeline.readings))
    forecast = np.full((2 * size, HORIZON), 120.0)
    forecast[54] = 60.0
    found = alarm_results(two, forecast, HYPOGLYCAEMIA, 60)
    assert (found.events, found.announced, found.sensitivity) == (2, 1, 0.5)


def test_persistence_never_alarms_and_quantiles_trade() -> None:
    glucose = 100 + 45 * np.sin(np.arange(600) / 15)
    timelines = timelines_of(glucose)
    truth = np.concatenate([glucose[at + 1 : at + 1 + HORIZON][None] for at in range(600 - HORIZON)])
    still = np.repeat(glucose[: 600 - HORIZON, None], HORIZON, axis=1)
    quantiles = {level: (truth + off).astype(np.float32) for level, off in ((0.05, -60), (0.5, 0), (0.95, 60))}
    found = threshold_alarms(timelines, HYPOGLYCAEMIA, 60, truth.astype(np.float32), {"persistence": still}, quantiles)
    persistence = found.beside["persistence"]
    assert (persistence.alarms, persistence.sensitivity) == (0, 0.0)
    assert (found.model.sensitivity, found.model.precision) == (1.0, 1.0)
    assert [each.level for each in found.by_level] == [0.05, 0.5, 0.95]
    low, median, high = (each.alarms for each in found.by_level)
    assert low.sensitivity == 1.0
    assert (low.false_alarms_per_day or 0.0) > 0.0
    assert median == found.model
    assert high.alarms == 0


def test_a_forecast_that_does_not_reach_so_far_is_refused() -> None:
    with pytest.raises(ValueError, match="alarms 90 min ahead need 18 steps, but 12 are forecast"):
        judge(one_event(), [], minutes=90)


GLUCOSE = st.lists(st.sampled_from([50.0, 60.0, 90.0, 120.0, np.nan]), min_size=HORIZON + 3, max_size=120)


@given(glucose=GLUCOSE, seed=st.integers(0, 1000))
def test_more_alarms_never_announce_fewer_events(glucose: list[float], seed: int) -> None:
    values = np.array([120.0, *glucose])
    alarms = np.flatnonzero(np.random.default_rng(seed).random(len(values)) < 0.2).tolist()
    few, many = judge(values, alarms[::2]), judge(values, alarms)
    assert few.announced <= many.announced <= many.events
    assert many.true_alarms <= many.announced
    assert few.events == many.events
    every = judge(values, list(range(len(values))))
    assert every.announced == every.events


def record_by_record(glucose: np.ndarray, alarms: set[int]) -> tuple[int, int, int, int, int]:
    """Events, announced, true, false and unjudged alarms by the words of the definition.

    A record that no forecast reaches is unseen, such as the first.
    """
    origins = np.flatnonzero(np.isfinite(glucose[:-HORIZON]))
    seen = np.full(len(glucose), np.nan)
    for origin in origins:
        seen[origin + 1 : origin + 1 + HORIZON] = glucose[origin + 1 : origin + 1 + HORIZON]
    events = find_events(seen, HYPOGLYCAEMIA)
    spans = list(zip(events.onset.tolist(), events.end.tolist(), strict=True))
    free = [
        origin
        for origin in origins.tolist()
        if glucose[origin] >= 70 and not any(onset <= origin < end for onset, end in spans)
    ]
    counts, announced, true, false, unjudged, until = 0, 0, 0, 0, 0, -1
    for place, (onset, _) in enumerate(spans):
        over = spans[place - 1][1] if place else 0
        before = [origin for origin in free if max(onset - HORIZON, over) <= origin < onset]
        counts += bool(before)
        announced += any(origin in alarms for origin in before)
    for origin in free:
        if origin not in alarms or origin < until:
            continue
        onset = min((onset for onset, _ in spans if onset > origin), default=10**9)
        ahead = seen[origin + 1 : origin + 1 + HORIZON]
        hidden = any(np.isnan(ahead[at : at + 3]).all() for at in range(HORIZON - 2))
        true += onset - origin <= HORIZON
        unjudged += onset - origin > HORIZON and hidden
        false += onset - origin > HORIZON and not hidden
        until = min(onset, origin + HORIZON)
    return counts, announced, true, false, unjudged


@given(glucose=GLUCOSE, seed=st.integers(0, 1000))
def test_counts_are_those_of_the_definition_record_by_record(glucose: list[float], seed: int) -> None:
    values = np.array([120.0, *glucose])
    alarms = np.flatnonzero(np.random.default_rng(seed).random(len(values)) < 0.3).tolist()
    found = judge(values, alarms)
    false = found.alarms - found.true_alarms
    assert record_by_record(values, set(alarms)) == (
        found.events,
        found.announced,
        found.true_alarms,
        false,
        found.alarms_not_judged,
    )
