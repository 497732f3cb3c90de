"""Alarms that a forecast would have raised, counted by event.

There is an alarm wherever the forecast crosses the threshold within so many minutes while the present reading has not,
and no event is going on. Alarms within those minutes of the one that was raised first, or until an event comes, belong
to it. It is true if an event begins within those minutes of its being raised, else false. An event is announced if
there was an alarm within those minutes before it. Judged so by event and not by reading, as Harvey et al., Diabetes
Technology & Therapeutics 14 (2012) 719 do.

An event that no forecast could have announced does not count: glucose was beyond the threshold, or there was no
forecast, in all the minutes before it. Nor does an alarm after which 15 minutes or more without readings may hide an
event.
"""

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
from bloodtwin_core.records import Mask

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class EventLeads:
    """How long before each event of a pump an alarm announced it, all but crossings [event].

    lead: records from the first alarm in time to the onset; 0 or less where there was none. could: whether a forecast
    could have announced it. crossings: origins at which an alarm is raised.
    """

    events: Events
    could: Mask
    lead: RecordNumbers
    crossings: RecordNumbers


def event_leads(timeline: PumpTimeline, forecast: npt.NDArray[np.floating], threshold: Threshold) -> EventLeads:
    """Of one pump: forecast is that of its windows (mg/dL, [window, step]), as far as alarms look ahead."""
    steps = forecast.shape[1]
    events = find_events(timeline.readings, threshold)
    ended = np.concatenate([[0], events.end])
    latest = np.searchsorted(events.onset, timeline.origin, side="right")
    free = ~threshold.beyond(timeline.last) & (timeline.origin >= ended[latest])
    earliest = np.maximum(events.onset - steps, ended[:-1])
    could = _first_from(earliest, timeline.origin[free]) < events.onset
    crossings = timeline.origin[free & np.any(threshold.beyond(forecast), axis=1)]
    return EventLeads(events, could, events.onset - _first_from(earliest, crossings), crossings)


@dataclass
class AlarmCounts:
    """What adds up over pumps; lead_records are from the first alarm in time to each event that was announced."""

    events: int = 0
    events_without_forecast: int = 0
    true_alarms: int = 0
    false_alarms: int = 0
    not_judged: int = 0
    windows: int = 0
    lead_records: list[int] = field(default_factory=list)

    def add(self, timeline: PumpTimeline, forecast: npt.NDArray[np.floating], threshold: Threshold) -> None:
        """Count one pump: forecast is that of its windows (mg/dL, [window, step]), as far as alarms look ahead."""
        found = event_leads(timeline, forecast, threshold)
        self.windows += len(timeline.origin)
        self.events += int(found.could.sum())
        self.events_without_forecast += int((~found.could).sum())
        self.lead_records += found.lead[found.lead > 0].tolist()
        self._judge(found.crossings, found.events, _long_unknown(timeline.readings), forecast.shape[1])

    def _judge(self, crossings: RecordNumbers, events: Events, unknown: RecordNumbers, steps: int) -> None:
        """Go through the origins at which a crossing is forecast, alarm by alarm."""
        place = 0
        while place < len(crossings):
            origin = int(crossings[place])
            speaks = steps
            coming = int(np.searchsorted(events.onset, origin, side="right"))
            if coming < len(events.onset) and events.onset[coming] <= origin + steps:
                self.true_alarms += 1
                speaks = int(events.onset[coming]) - origin
            elif _any_within(unknown, origin + 1, origin + steps - EVENT_RECORDS + 1):
                self.not_judged += 1
            else:
                self.false_alarms += 1
            place = int(np.searchsorted(crossings, origin + speaks))


def _first_from(earliest: RecordNumbers, origins: RecordNumbers) -> RecordNumbers:
    """The first of the origins (ascending) that is not before each of these records; NEVER where there is none."""
    first: RecordNumbers = np.append(origins, NEVER)[np.searchsorted(origins, earliest)]
    return first


def _long_unknown(readings: npt.NDArray[np.float32]) -> RecordNumbers:
    """Records from which on 15 minutes or more without readings follow."""
    known = np.concatenate([[0], np.cumsum(np.isfinite(readings))])
    return np.flatnonzero(known[EVENT_RECORDS:] == known[:-EVENT_RECORDS])


def _any_within(records: RecordNumbers, first: int, last: int) -> bool:
    return bool(np.searchsorted(records, last, side="right") > np.searchsorted(records, first))
