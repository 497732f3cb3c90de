"""A life lived once and lived again: what a wearer was, ate and was given, so that one thing alone can be changed.

The second time nobody decides anything: meals, rescues, sensitivity and all insulin are as they were the first time.
So two such lives that differ in a dose differ by what the dose does, which no history of a person can show.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.insulin.hovorka import Physiology
from bloodtwin_core.records import RECORD_MINUTES
from bloodtwin_core.simulation.closed_loop import RESCUE_SHARE, RESCUE_TIME, FloatSignal, blood_glucose
from bloodtwin_core.simulation.compiled import compiled
from bloodtwin_core.simulation.gut import Gut, absorb_minute, eat, empty_gut
from bloodtwin_core.simulation.meals import Meals
from bloodtwin_core.simulation.physiology import MMOL_PER_GRAM, S1, State, advance_minute, steady_state
from bloodtwin_core.simulation.therapy import FASTING_GLUCOSE


@dataclass(frozen=True)
class Life:
    """What happened to one body, [record] each: basal rate (U/h), bolus (U), rescue (g) and sensitivity (1)."""

    person: Physiology
    meals: Meals
    basal_rate: FloatSignal
    bolus: FloatSignal
    rescue: FloatSignal
    sensitivity: FloatSignal


def lived_twice(
    life: Life, moments: npt.NDArray[np.int64], bolus: FloatSignal, basal: FloatSignal
) -> tuple[FloatSignal, FloatSignal]:
    """Blood glucose of the life as it was and of the life with a change of insulin, both mg/dL [moment, record].

    moments: the record after which the change begins, rising. bolus (U) and basal (U/h): the change in each record from
    there on, [record], as many as the life still has after the last moment; a rate does not fall below zero.
    """
    state, _ = steady_state(life.person, FASTING_GLUCOSE)
    given = (life.basal_rate, life.bolus, life.rescue, life.sensitivity)
    return _lived_twice(life.person, life.meals, *given, moments, bolus, basal, state, empty_gut())


@compiled
def _lived_twice(
    person: Physiology,
    meals: Meals,
    basal_rate: FloatSignal,
    bolus: FloatSignal,
    rescue: FloatSignal,
    sensitivity: FloatSignal,
    moments: npt.NDArray[np.int64],
    more_bolus: FloatSignal,
    more_basal: FloatSignal,
    state: State,
    gut: Gut,
) -> tuple[FloatSignal, FloatSignal]:
    as_it_was = np.empty((len(moments), len(more_bolus)), np.float32)
    with_change = np.empty_like(as_it_was)
    work = np.empty((3, len(state)))
    meal, record = 0, 0
    for place in range(len(moments)):
        while record <= moments[place]:
            meal = _live_record(
                person, meals, meal, record, basal_rate[record], bolus[record], rescue, sensitivity, state, gut, work
            )
            record += 1
        plain, plain_gut, plain_meal = state.copy(), gut.copy(), meal
        changed, changed_gut, changed_meal = state.copy(), gut.copy(), meal
        for step in range(len(more_bolus)):
            now = record + step
            plain_meal = _live_record(
                person, meals, plain_meal, now, basal_rate[now], bolus[now], rescue, sensitivity, plain, plain_gut, work
            )
            rate = max(0.0, basal_rate[now] + more_basal[step])
            dose = bolus[now] + more_bolus[step]
            changed_meal = _live_record(
                person, meals, changed_meal, now, rate, dose, rescue, sensitivity, changed, changed_gut, work
            )
            as_it_was[place, step] = blood_glucose(plain, person)
            with_change[place, step] = blood_glucose(changed, person)
    return as_it_was, with_change


@compiled
def _live_record(
    person: Physiology,
    meals: Meals,
    meal: int,
    record: int,
    rate: float,
    dose: float,
    rescue: FloatSignal,
    sensitivity: FloatSignal,
    state: State,
    gut: Gut,
    work: State,
) -> int:
    """Move state and gut one record on; returns the next meal."""
    state[S1] += 1000.0 * dose
    for minute in range(record * RECORD_MINUTES, (record + 1) * RECORD_MINUTES):
        while meal < len(meals.minute) and meals.minute[meal] <= minute:
            eat(gut, meals.carbohydrate[meal], meals.absorption_time[meal], meals.share[meal])
            meal += 1
        appearance = absorb_minute(gut) * MMOL_PER_GRAM / person.weight
        advance_minute(state, person, 1000.0 * rate / 60.0, appearance, sensitivity[record], work)
    if rescue[record] > 0.0:
        eat(gut, rescue[record], RESCUE_TIME, RESCUE_SHARE)
    return meal
