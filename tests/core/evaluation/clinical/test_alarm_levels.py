from dataclasses import replace

import numpy as np
import pytest

from bloodtwin_core.evaluation.clinical.alarm_choice import FEWEST_EVENTS, alarms_by, timelines_of
from bloodtwin_core.evaluation.clinical.alarm_levels import alarm_levels, rules_chosen
from bloodtwin_core.evaluation.clinical.events import Threshold
from bloodtwin_core.evaluation.forecasts import TestForecasts, join
from bloodtwin_core.serving.alarm_rules import USUAL
from tests.core.evaluation.clinical.test_alarm_choice import HORIZON, forecasts

MINUTES = 5 * HORIZON


def of(pump: str, seed: int, records: int) -> TestForecasts:
    found = forecasts(seed, records)
    return replace(found, pump=np.full(len(found.rows), pump))


def test_everybody_has_a_level_and_whoever_had_events_enough_one_of_their_own() -> None:
    together = join([of("many", 0, 4000), of("few", 1, 400)])
    levels = [level for level in alarm_levels(together, 1.0) if level.chosen.rule.name == "low"]
    assert [level.pump for level in levels] == ["", "many"]
    assert all(level.chosen.chosen_on.events >= FEWEST_EVENTS for level in levels)
    assert not any(level.is_usual for level in levels)


def test_with_too_few_events_the_usual_level_stays() -> None:
    levels = alarm_levels(of("a", 0, 300), 1.0)
    assert [(level.pump, level.is_usual) for level in levels] == [("", True)] * len(USUAL)
    assert [level.chosen.rule for level in levels] == list(USUAL)
    low, threshold = levels[1].chosen, Threshold("low", 70.0, below=True)
    found = of("a", 0, 300)
    assert low.chosen_on == alarms_by(low.rule, found, timelines_of(found), threshold)


def test_the_rules_of_a_wearer_are_everybodys_but_for_their_own() -> None:
    rules = rules_chosen(alarm_levels(of("many", 0, 4000), 1.0))
    [low] = [rule for rule in rules.of_wearers["many"] if rule.name == "low"]
    assert low in rules.of("many")
    assert rules.of("a stranger") == rules.rules
    assert [rule.name for rule in rules.of("many")] == [rule.name for rule in USUAL]


@pytest.mark.parametrize("steps", [6, 12])
def test_no_alarm_looks_further_than_the_forecast(steps: int) -> None:
    found = forecasts()
    short = replace(
        found,
        target=found.target[:, :steps],
        measured=found.measured[:, :steps],
        model=found.model[:, :steps],
        quantiles=None if found.quantiles is None else found.quantiles[:, :steps],
    )
    assert {level.chosen.rule.minutes for level in alarm_levels(short, 1.0)} == {5 * steps}
