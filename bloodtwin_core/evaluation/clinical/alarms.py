"""What alarms from a forecast are worth: sensitivity, precision, false alarms per day and lead time, by event.

What an alarm is and when it is true, see alarm_counts.py. Persistence forecasts the present reading, so it never
crosses a threshold ahead of it and raises no alarm at all.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bloodtwin_core.evaluation.clinical.alarm_counts import AlarmCounts
from bloodtwin_core.evaluation.clinical.events import PumpTimeline, Threshold
from bloodtwin_core.evaluation.clinical.shares import share_interval
from bloodtwin_core.evaluation.figures import FlatBeside, Result
from bloodtwin_core.evaluation.metrics import step_at
from bloodtwin_core.records import MINUTES_PER_DAY, RECORD_MINUTES, Glucose


class AlarmResults(Result):
    """What the alarms of one forecaster were worth.

    events could have been announced, announced were; alarms could be judged, true_alarms were followed by an event.
    sensitivity = announced / events, precision = true_alarms / alarms, each with its 95 % interval, because events are
    few; None where there is nothing to divide by. median_lead_minutes: from the first alarm in time to the event, over
    announced events. days: with forecasts.
    """

    events: int
    announced: int
    events_without_forecast: int
    alarms: int
    true_alarms: int
    alarms_not_judged: int
    days: float
    sensitivity: float | None
    sensitivity_interval: tuple[float, float] | None
    precision: float | None
    precision_interval: tuple[float, float] | None
    false_alarms_per_day: float | None
    median_lead_minutes: float | None


class AlarmsAtLevel(Result):
    """Alarms raised where a quantile of the forecast, rather than the forecast itself, crosses the threshold."""

    level: float
    alarms: AlarmResults


class ThresholdAlarms(FlatBeside):
    """The alarms of the model and of each baseline for one threshold (mg/dL), looking so many minutes ahead.

    by_level trades sensitivity against false alarms, one point for each quantile level; empty without quantiles.
    """

    threshold: str
    glucose: float
    minutes: int
    model: AlarmResults
    beside: dict[str, AlarmResults]
    by_level: list[AlarmsAtLevel]


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
    counts = AlarmCounts()
    for timeline in timelines:
        counts.add(timeline, forecast[timeline.windows, :steps], threshold)
    return _results(counts)


def threshold_alarms(
    timelines: Sequence[PumpTimeline],
    threshold: Threshold,
    minutes: int,
    model: Glucose,
    beside: Mapping[str, Glucose],
    by_level: Mapping[float, Glucose],
) -> ThresholdAlarms:
    """The forecasters beside each other, and the model's quantiles by their level, each [window, step]."""
    return ThresholdAlarms(
        threshold=threshold.name,
        glucose=threshold.glucose,
        minutes=minutes,
        model=alarm_results(timelines, model, threshold, minutes),
        beside={name: alarm_results(timelines, forecast, threshold, minutes) for name, forecast in beside.items()},
        by_level=[
            AlarmsAtLevel(level=level, alarms=alarm_results(timelines, forecast, threshold, minutes))
            for level, forecast in by_level.items()
        ],
    )


def _results(counts: AlarmCounts) -> AlarmResults:
    announced, days = len(counts.lead_records), counts.windows * RECORD_MINUTES / MINUTES_PER_DAY
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
        sensitivity_interval=share_interval(announced, counts.events),
        precision=counts.true_alarms / alarms if alarms else None,
        precision_interval=share_interval(counts.true_alarms, alarms),
        false_alarms_per_day=counts.false_alarms / days if days else None,
        median_lead_minutes=float(np.median(counts.lead_records)) * RECORD_MINUTES if counts.lead_records else None,
    )
