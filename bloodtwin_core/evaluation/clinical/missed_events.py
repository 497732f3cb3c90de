"""Lows that one forecaster misses and another does not, on the same windows, and how sure the difference is."""

import numpy as np
import numpy.typing as npt

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.blocks import Blocks, blocks_of
from bloodtwin_core.evaluation.bootstrap import Resamples, interval_of, spare_days_of
from bloodtwin_core.evaluation.clinical.alarm_counts import event_leads
from bloodtwin_core.evaluation.clinical.events import PumpTimeline, Threshold, pump_timelines
from bloodtwin_core.evaluation.figures import Interval, Result
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.metrics import step_at
from bloodtwin_core.records import Glucose


class MissedEvents(Result):
    """Events that could have been announced so many minutes ahead, and how many of them each missed.

    more: what the first misses beyond the second, with its interval; None where too few days were tested.
    """

    minutes: int
    events: int
    missed: int
    missed_by_other: int
    more: Interval | None


def missed_events(
    forecasts: TestForecasts, other: Glucose, threshold: Threshold, minutes: int, settings: EvaluationSettings
) -> MissedEvents:
    """The model's alarms beside those of other (mg/dL, [window, step]) on the same windows; days are drawn for both.

    Raises ValueError where the forecasts do not reach so far.
    """
    steps = step_at(minutes)
    if not 0 < steps <= forecasts.horizon:
        raise ValueError(f"events {minutes} min ahead need {steps} steps, but {forecasts.horizon} are forecast")
    target, measured = np.array(forecasts.target), np.array(forecasts.measured)
    timelines = pump_timelines(
        np.array(forecasts.pump), np.array(forecasts.timestamp), np.array(forecasts.last), target, measured
    )
    blocks = blocks_of(forecasts)
    events = np.zeros(len(blocks), dtype=np.int64)
    missed = np.zeros((2, len(blocks)), dtype=np.int64)
    for timeline in timelines:
        for number, forecast in enumerate((forecasts.model, other)):
            found = event_leads(timeline, np.asarray(forecast)[timeline.windows, :steps], threshold)
            of_event = _blocks_of_records(timeline, found.events.onset, blocks)
            np.add.at(missed[number], of_event[found.could & (found.lead <= 0)], 1)
            if not number:
                np.add.at(events, of_event[found.could], 1)
    more = (Resamples.draw(blocks.pump, settings).weights @ (missed[0] - missed[1])).astype(np.float64)
    tested = np.zeros((len(blocks), 1), dtype=np.int64)
    np.add.at(tested[:, 0], blocks.of, measured.any(axis=1).astype(np.int64))
    return MissedEvents(
        minutes=minutes,
        events=int(events.sum()),
        missed=int(missed[0].sum()),
        missed_by_other=int(missed[1].sum()),
        more=interval_of(more, spare_days_of(blocks.pump, tested)),
    )


def _blocks_of_records(timeline: PumpTimeline, records: npt.NDArray[np.int64], blocks: Blocks) -> npt.NDArray[np.int64]:
    """The day of each record: that of the last forecast origin before it."""
    latest = np.maximum(np.searchsorted(timeline.origin, records, side="right") - 1, 0)
    of: npt.NDArray[np.int64] = blocks.of[timeline.windows[latest]]
    return of
