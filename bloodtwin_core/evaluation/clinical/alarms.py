"""Alarms that a forecast would have raised, judged by event.

There is an alarm wherever the forecast crosses the threshold within so many minutes while the present reading has not,
and no event is going on. Alarms within those minutes of the one that was raised first, or until an event comes, belong
to it. It is true if an event begins within those minutes of its being raised, else false. An event is announced if
there was an alarm within those minutes before it. Judged so by event and not by reading, as Harvey et al., Diabetes
Technology & Therapeutics 14 (2012) 719 do.

An event that no forecast could have announced does not count: glucose was beyond the threshold, or there was no
forecast, in all the minutes before it. Nor does an alarm after which 15 minutes or more without readings may hide an
event. Persistence forecasts the present reading, so it never crosses ahead of it and raises no alarm at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bloodtwin_core.evaluation.clinical.events import (
    EVENT_RECORDS,
    Events,
    PumpTimeline,
    RecordNumbers,
    Threshold,
    find_events,
)
from bloodtwin_core.evaluation.comparison import Result
from bloodtwin_core.evaluation.metrics import Glucose, step_at
from bloodtwin_core.records import MINUTES_PER_DAY, RECORD_MINUTES
from bloodtwin_core.windows import Mask


class AlarmResults(Result):
    """What the alarms of one forecaster were worth.

    events could have been announced, announced were; alarms could be judged, true_alarms were followed by an event.
    sensitivity = announced / events, precision = true_alarms / alarms; None where there is nothing to divide by.
    median_lead_minutes: from the first alarm in time to the event, over announced events. days: with forecasts.
    """

    events: int
    announced: int
    events_without_forecast: int
    alarms: int
    true_alarms: int
    alarms_not_judged: int
    days: float
    sensitivity: float | None
    precision: float | None
    false_alarms_per_day: float | None
    median_lead_minutes: float | None


class AlarmsAtLevel(Result):
    """Alarms raised where a quantile of the forecast, rather than the forecast itself, crosses the threshold."""

    level: float
    alarms: AlarmResults


class ThresholdAlarms(Result):
    """The alarms of the three forecasters for one threshold (mg/dL), looking so many minutes ahead.

    by_level trades sensitivity against false alarms, one point for each quantile level; empty without quantiles.
    """

    threshold: str
    glucose: float
    minutes: int
    model: AlarmResults
    persistence: AlarmResults
    ridge: AlarmResults
    by_level: list[AlarmsAtLevel]


@dataclass
class _Counts:
    """What adds up over pumps; leads are records."""

    events: int = 0
    events_without_forecast: int = 0
    true_alarms: int = 0
    false_alarms: int = 0
    not_judged: int = 0
    windows: int = 0
    leads: list[int] = field(default_factory=list)


def alarm_results(
    timelines: Sequence[PumpTimeline], forecast: npt.NDArray[np.floating], threshold: Threshold, minutes: int
) -> AlarmResults:
    """What alarms from a forecast (mg/dL, [window, step], of all the windows) were worth, looking so far ahead.

    The forecast may be a quantile: a low one gives more alarms for hypoglycaemia, a high one for hyperglycaemia.
    Raises ValueError where the forecast does not reach so far.
    """
    steps = step_at(minutes)
    if not 0 < steps <= forecast.shape[1]:
        raise ValueError(f"alarms {minutes} min ahead need {steps} steps, but {forecast.shape[1]} are forecast")
    counts = _Counts()
    for timeline in timelines:
        crosses: Mask = np.any(threshold.beyond(forecast[timeline.windows, :steps]), axis=1)
        _count(counts, timeline, find_events(timeline.readings, threshold), crosses, threshold, steps)
    return _results(counts)


def threshold_alarms(
    timelines: Sequence[PumpTimeline],
    threshold: Threshold,
    minutes: int,
    model: Glucose,
    persistence: Glucose,
    ridge: Glucose,
    quantiles: npt.NDArray[np.float32] | None = None,
    levels: Sequence[float] = (),
) -> ThresholdAlarms:
    """The three forecasters beside each other, [window, step], and the model's quantiles [window, step, level]."""
    by_level = [] if quantiles is None else [quantiles[:, :, place] for place in range(len(levels))]
    return ThresholdAlarms(
        threshold=threshold.name,
        glucose=threshold.glucose,
        minutes=minutes,
        model=alarm_results(timelines, model, threshold, minutes),
        persistence=alarm_results(timelines, persistence, threshold, minutes),
        ridge=alarm_results(timelines, ridge, threshold, minutes),
        by_level=[
            AlarmsAtLevel(level=level, alarms=alarm_results(timelines, forecast, threshold, minutes))
            for level, forecast in zip(levels, by_level, strict=False)
        ],
    )


def _count(
    counts: _Counts, timeline: PumpTimeline, events: Events, crosses: Mask, threshold: Threshold, steps: int
) -> None:
    """Add one pump."""
    ended = np.concatenate([[0], events.end])
    # Before the first event nothing has ended, so an origin is in an event if its latest onset has no end yet.
    latest = np.searchsorted(events.onset, timeline.origin, side="right")
    free = ~threshold.beyond(timeline.last) & (timeline.origin >= ended[latest])
    counts.windows += len(timeline.origin)
    could = timeline.origin[free]
    earliest = np.maximum(events.onset - steps, ended[:-1])
    forecastable = np.searchsorted(could, events.onset) > np.searchsorted(could, earliest)
    counts.events += int(forecastable.sum())
    counts.events_without_forecast += int((~forecastable).sum())
    crossings = timeline.origin[free & crosses]
    first = np.append(crossings, np.iinfo(np.int64).max)[np.searchsorted(crossings, earliest)]
    counts.leads += (events.onset - first)[first < events.onset].tolist()
    _judge_alarms(counts, crossings, events, _long_unknown(timeline.readings), steps)


def _judge_alarms(
    counts: _Counts, crossings: RecordNumbers, events: Events, unknown: RecordNumbers, steps: int
) -> None:
    """Go through the origins at which a crossing is forecast, alarm by alarm."""
    onsets = [*events.onset.tolist(), np.inf]
    place = 0
    while place < len(crossings):
        origin = int(crossings[place])
        lead = onsets[int(np.searchsorted(events.onset, origin, side="right"))] - origin
        if lead <= steps:
            counts.true_alarms += 1
        elif _any_within(unknown, origin + 1, origin + steps - EVENT_RECORDS + 1):
            counts.not_judged += 1
        else:
            counts.false_alarms += 1
        place = int(np.searchsorted(crossings, origin + min(lead, steps)))


def _long_unknown(readings: npt.NDArray[np.float32]) -> RecordNumbers:
    """Records from which on 15 minutes or more without readings follow."""
    known = np.concatenate([[0], np.cumsum(np.isfinite(readings))])
    return np.flatnonzero(known[EVENT_RECORDS:] == known[:-EVENT_RECORDS])


def _any_within(records: RecordNumbers, first: int, last: int) -> bool:
    return bool(np.searchsorted(records, last, side="right") > np.searchsorted(records, first))


def _results(counts: _Counts) -> AlarmResults:
    announced, days = len(counts.leads), counts.windows * RECORD_MINUTES / MINUTES_PER_DAY
    alarms = counts.true_alarms + counts.false_alarms
    return AlarmResults(
        events=counts.events,
        announced=announced,
        events_without_forecast=counts.events_without_forecast,
        alarms=alarms,
        true_alarms=counts.true_alarms,
        alarms_not_judged=counts.not_judged,
        days=days,
        sensitivity=announced / counts.events if counts.events else None,
        precision=counts.true_alarms / alarms if alarms else None,
        false_alarms_per_day=counts.false_alarms / days if days else None,
        median_lead_minutes=float(np.median(counts.leads)) * RECORD_MINUTES if counts.leads else None,
    )
