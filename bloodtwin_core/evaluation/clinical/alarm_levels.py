"""The levels of all usual alarms, chosen on validation days: everybody's, and one's own with enough events."""

from collections.abc import Iterator

import numpy as np

from bloodtwin_core.evaluation.clinical.alarm_choice import (
    FEWEST_EVENTS,
    ChosenAlarm,
    alarms_by,
    chosen_alarm,
    timelines_of,
)
from bloodtwin_core.evaluation.clinical.events import Threshold
from bloodtwin_core.evaluation.figures import Result
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.records import RECORD_MINUTES
from bloodtwin_core.serving.alarm_rules import USUAL, AlarmRules
from bloodtwin_core.serving.alarms import AlarmRule, Side


class ChosenLevel(Result):
    """What was chosen for one rule. pump: empty for everybody. is_usual: there were too few events to choose by."""

    pump: str
    chosen: ChosenAlarm
    is_usual: bool = False


def alarm_levels(validation: TestForecasts, false_alarms_a_day: float) -> list[ChosenLevel]:
    """Everybody's level of each usual rule, as far as the forecasts reach, and those of pumps with events enough.

    Of fewer than FEWEST_EVENTS events in all the usual level stays. Raises ValueError for forecasts without quantiles.
    """
    horizon = validation.target.shape[1] * RECORD_MINUTES
    rules = [rule.model_copy(update={"minutes": min(rule.minutes, horizon)}) for rule in USUAL]
    return [level for rule in rules for level in _levels(rule, validation, false_alarms_a_day)]


def rules_chosen(levels: list[ChosenLevel]) -> AlarmRules:
    """The same as the service asks them."""
    pumps = dict.fromkeys(level.pump for level in levels if level.pump)
    return AlarmRules(
        rules=tuple(level.chosen.rule for level in levels if not level.pump),
        of_wearers={pump: tuple(level.chosen.rule for level in levels if level.pump == pump) for pump in pumps},
    )


def _levels(rule: AlarmRule, validation: TestForecasts, false_alarms_a_day: float) -> Iterator[ChosenLevel]:
    threshold = Threshold(rule.name, rule.glucose, below=rule.side is Side.below)

    def chosen(forecasts: TestForecasts) -> ChosenAlarm:
        found = chosen_alarm(forecasts, threshold, rule.minutes, false_alarms_a_day)
        return found.model_copy(update={"rule": rule.model_copy(update={"level": found.rule.level})})

    everybody = chosen(validation)
    if everybody.chosen_on.events < FEWEST_EVENTS:
        worth = alarms_by(rule, validation, timelines_of(validation), threshold)
        yield ChosenLevel(pump="", chosen=ChosenAlarm(rule=rule, chosen_on=worth), is_usual=True)
        return
    yield ChosenLevel(pump="", chosen=everybody)
    for pump in dict.fromkeys(np.array(validation.pump).tolist()):
        own = chosen(validation.only([pump]))
        if own.chosen_on.events >= FEWEST_EVENTS:
            yield ChosenLevel(pump=str(pump), chosen=own)
