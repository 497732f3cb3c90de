"""At which quantile an alarm is worth raising: chosen on validation days for a number of false alarms a day.

The lower the level of a low's alarm, the more lows it announces and the more often it is false. The level chosen is the
one that announces most events without more false alarms a day than were asked for; another's days, the test's, then
tell what it is worth.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bloodtwin_core.evaluation.clinical.alarms import AlarmResults, alarm_results
from bloodtwin_core.evaluation.clinical.events import PumpTimeline, Threshold, pump_timelines
from bloodtwin_core.evaluation.figures import Result
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.serving.alarms import AlarmRule, Side, quantile_at

LEVELS = tuple(round(0.05 + 0.025 * step, 3) for step in range(19))
"""Levels that are tried for a low, from 5 to 50 %; a high tries their mirror images."""
FEWEST_EVENTS = 20
"""A person of fewer events on validation days goes by everybody's level."""


class ChosenAlarm(Result):
    """A rule, and what its alarms were worth on the days on which its level was chosen."""

    rule: AlarmRule
    chosen_on: AlarmResults


def chosen_alarm(
    validation: TestForecasts, threshold: Threshold, minutes: int, false_alarms_a_day: float
) -> ChosenAlarm:
    """The rule for a threshold; where every level is false more often than asked for, the one that is so least.

    Raises ValueError for forecasts without quantiles, or that do not reach so far.
    """
    timelines = timelines_of(validation)
    tried = [
        ChosenAlarm(rule=rule, chosen_on=alarms_by(rule, validation, timelines, threshold))
        for rule in (rule_of(threshold, minutes, level) for level in LEVELS)
    ]
    bearable = [each for each in tried if (each.chosen_on.false_alarms_per_day or 0.0) <= false_alarms_a_day]
    if not bearable:
        return min(tried, key=lambda each: each.chosen_on.false_alarms_per_day or 0.0)
    # Of levels that announce as many events, the one with the fewest false alarms.
    return max(bearable, key=lambda each: (each.chosen_on.announced, -(each.chosen_on.false_alarms_per_day or 0.0)))


def rule_of(threshold: Threshold, minutes: int, level: float) -> AlarmRule:
    """A rule of evaluation's threshold; level counts from the threshold's side, so that 5 % means few for either."""
    side = Side.below if threshold.below else Side.above
    return AlarmRule(
        name=f"{side} {threshold.glucose:g} within {minutes} min",
        side=side,
        glucose=threshold.glucose,
        minutes=minutes,
        level=level if threshold.below else round(1.0 - level, 3),
    )


def timelines_of(forecasts: TestForecasts) -> list[PumpTimeline]:
    """The timeline of each pump of the forecasts."""
    return pump_timelines(
        np.array(forecasts.pump),
        np.array(forecasts.timestamp),
        np.array(forecasts.last),
        np.array(forecasts.target),
        np.array(forecasts.measured),
    )


def alarms_by(
    rule: AlarmRule, forecasts: TestForecasts, timelines: Sequence[PumpTimeline], threshold: Threshold
) -> AlarmResults:
    """What a rule's alarms are worth on forecasts. Raises ValueError where they have no quantiles."""
    if forecasts.quantiles is None:
        raise ValueError("alarms are raised by quantiles, and these forecasts have none")
    crossing: npt.NDArray[np.floating] = quantile_at(np.asarray(forecasts.quantiles), QUANTILE_LEVELS, rule.level)
    return alarm_results(timelines, crossing, threshold, rule.minutes)
