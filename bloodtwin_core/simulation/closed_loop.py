"""A wearer's life, minute by minute: meals, insulin, sensor, pump and the wearer's own reactions, in one compiled loop.

A record stands at the end of its five minutes: its reading is taken then, and its insulin is what was given during
those minutes. So a record holds nothing that a forecast from it could not know.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bloodtwin_core.insulin.hovorka import Physiology
from bloodtwin_core.records import RECORD_MINUTES
from bloodtwin_core.simulation.compiled import compiled
from bloodtwin_core.simulation.controller import (
    READING_LIFE_MINUTES,
    TREND_RECORDS,
    Therapy,
    add_active_insulin,
    automatic_bolus,
    closed_loop_basal,
    correction_bolus,
    predicted_glucose,
    pump_dose,
)
from bloodtwin_core.simulation.gut import Gut, absorb_minute, eat
from bloodtwin_core.simulation.meals import Meals
from bloodtwin_core.simulation.physiology import MG_DL_PER_MMOL_L, MMOL_PER_GRAM, Q1, S1, State, advance_minute
from bloodtwin_core.simulation.reactions import Reactions, corrects_by_hand, eats_rescue, is_awake
from bloodtwin_core.simulation.sensor import INTERSTITIAL_MINUTES, displayed

FloatSignal = npt.NDArray[np.float32]
RESCUE_TIME, RESCUE_SHARE = 20.0, 1.0
"""t_max,G (min) and share absorbed of juice or glucose tablets (chosen: twice as fast as Hovorka's meal)."""
LONG_AGO = -(10**6)


class Conditions(NamedTuple):
    """What chance brings, [record]: see sensitivity.py and sensor.py; the two chances are uniform from 0 to 1.

    delivered: the part of the pump's insulin that reaches the body, 1 unless the infusion set fails. stuck: where the
    sensor shows its last reading once more.
    """

    sensitivity: FloatSignal
    gain: FloatSignal
    addition: FloatSignal
    reads: npt.NDArray[np.bool_]
    rescue_chance: FloatSignal
    correction_chance: FloatSignal
    delivered: FloatSignal
    stuck: npt.NDArray[np.bool_]


class Lived(NamedTuple):
    """What a life leaves, [record] each: readings (mg/dL, NaN in gaps), insulin (U/h, U), rescues (g), blood (mg/dL).

    A rescue is eaten at the end of its record.
    """

    readings: FloatSignal
    basal_rate: FloatSignal
    bolus: FloatSignal
    rescue: FloatSignal
    blood: FloatSignal


class Course(NamedTuple):
    """Where a life stands; its arrays change as it goes on.

    active: the pump's active insulin (U, [2]). places: what comes next and when things were last, [LAST_RESCUE + 1].
    interstitial: mg/dL, [1]. work: scratch space of advance_minute.
    """

    state: State
    gut: Gut
    active: npt.NDArray[np.float64]
    places: npt.NDArray[np.int64]
    interstitial: npt.NDArray[np.float64]
    work: State


NEXT_MEAL, NEXT_BOLUS, LAST_READING, LAST_BOLUS, LAST_RESCUE = range(5)
"""Places in Course.places: counts of meals and boluses, a record, and two minutes."""


@compiled
def nothing_lived(records: int) -> Lived:
    """Room for a life of so many records."""
    readings, blood = np.full(records, np.nan, np.float32), np.full(records, np.nan, np.float32)
    basal_rate, bolus = np.zeros(records, np.float32), np.zeros(records, np.float32)
    return Lived(readings, basal_rate, bolus, np.zeros(records, np.float32), blood)


@compiled
def beginning(person: Physiology, state: State, gut: Gut) -> Course:
    """The course of a life that begins with this state and gut, which it will change."""
    places = np.array([0, 0, LONG_AGO, LONG_AGO, LONG_AGO], np.int64)
    interstitial = np.full(1, blood_glucose(state, person))
    return Course(state, gut, np.zeros(2), places, interstitial, np.empty((3, len(state))))


@compiled
def live(
    person: Physiology,
    therapy: Therapy,
    reactions: Reactions,
    meals: Meals,
    conditions: Conditions,
    utc_offset_hours: int,
    state: State,
    gut: Gut,
) -> Lived:
    """A whole life under Control-IQ as controller.py has it. Changes state and gut."""
    lived, course = nothing_lived(len(conditions.gain)), beginning(person, state, gut)
    rate, ordered = therapy.basal_rate, 0.0
    for record in range(len(conditions.gain)):
        live_record(person, therapy, meals, conditions, record, rate, ordered, lived, course)
        now, newest = (record + 1) * RECORD_MINUTES, course.places[LAST_READING]
        rate, ordered = therapy.basal_rate, 0.0
        if (record - newest) * RECORD_MINUTES <= READING_LIFE_MINUTES:
            predicted, active = predict(lived.readings, newest), course.active.sum()
            rate = closed_loop_basal(therapy, predicted, active)
            ordered = automatic_bolus(therapy, predicted, active, now - course.places[LAST_BOLUS])
        by_hand = react(therapy, reactions, conditions, utc_offset_hours, record, lived, course)
        if by_hand > 0.0:
            ordered = by_hand
        if ordered > 0.0:
            course.places[LAST_BOLUS] = now
    return lived


@compiled
def live_record(
    person: Physiology,
    therapy: Therapy,
    meals: Meals,
    conditions: Conditions,
    record: int,
    rate: float,
    ordered: float,
    lived: Lived,
    course: Course,
) -> None:
    """Five minutes with this basal rate (U/h) and bolus (U) and the wearer's meals, and the reading at their end."""
    places, delivered = course.places, 1000.0 * conditions.delivered[record]
    given = ordered
    course.state[S1] += delivered * ordered
    lag = np.exp(-1.0 / INTERSTITIAL_MINUTES)
    for minute in range(record * RECORD_MINUTES, (record + 1) * RECORD_MINUTES):
        while places[NEXT_MEAL] < len(meals.minute) and meals.minute[places[NEXT_MEAL]] == minute:
            meal = places[NEXT_MEAL]
            eat(course.gut, meals.carbohydrate[meal], meals.absorption_time[meal], meals.share[meal])
            places[NEXT_MEAL] += 1
        while places[NEXT_BOLUS] < len(meals.bolus_minute) and meals.bolus_minute[places[NEXT_BOLUS]] == minute:
            shown = lived.readings[places[LAST_READING]] if record - places[LAST_READING] <= 1 else np.nan
            counted = meals.bolus_carbohydrate[places[NEXT_BOLUS]]
            dose = meal_bolus(therapy, counted, shown, course.active.sum() + given)
            course.state[S1] += delivered * dose
            given += dose
            places[LAST_BOLUS] = minute
            places[NEXT_BOLUS] += 1
        appearance = absorb_minute(course.gut) * MMOL_PER_GRAM / person.weight
        infusion = delivered * rate / 60.0
        advance_minute(course.state, person, infusion, appearance, conditions.sensitivity[record], course.work)
        blood = blood_glucose(course.state, person)
        course.interstitial[0] = blood + (course.interstitial[0] - blood) * lag
    lived.basal_rate[record], lived.bolus[record] = rate, given
    lived.blood[record] = blood_glucose(course.state, person)
    add_active_insulin(course.active, given + (rate - therapy.basal_rate) * RECORD_MINUTES / 60.0)
    if conditions.reads[record]:
        shown = displayed(conditions.gain[record] * course.interstitial[0] + conditions.addition[record])
        if conditions.stuck[record] and places[LAST_READING] >= 0:
            shown = lived.readings[places[LAST_READING]]
        lived.readings[record] = shown
        places[LAST_READING] = record


@compiled
def react(
    therapy: Therapy,
    reactions: Reactions,
    conditions: Conditions,
    utc_offset_hours: int,
    record: int,
    lived: Lived,
    course: Course,
) -> float:
    """What the wearer does about the sensor at the end of a record: eats, and returns a correction by hand (U).

    The correction is given with the next record. Nothing is done about a sensor that has been silent for too long.
    """
    newest = course.places[LAST_READING]
    if (record - newest) * RECORD_MINUTES > READING_LIFE_MINUTES:
        return 0.0
    now = (record + 1) * RECORD_MINUTES
    shown, predicted = lived.readings[newest], predict(lived.readings, newest)
    awake, since = is_awake(reactions, now, utc_offset_hours), now - course.places[LAST_RESCUE]
    if eats_rescue(reactions, awake, shown, predicted, since, conditions.rescue_chance[record]):
        eat(course.gut, reactions.rescue_carbohydrate, RESCUE_TIME, RESCUE_SHARE)
        lived.rescue[record] = reactions.rescue_carbohydrate
        course.places[LAST_RESCUE] = now
    wanted, since = correction_bolus(therapy, shown, course.active.sum()), now - course.places[LAST_BOLUS]
    if corrects_by_hand(reactions, awake, shown, wanted, since, conditions.correction_chance[record]):
        return pump_dose(wanted)
    return 0.0


@compiled
def blood_glucose(state: State, person: Physiology) -> float:
    """Glucose in the blood (mg/dL)."""
    return float(state[Q1] / person.glucose_volume * MG_DL_PER_MMOL_L)


@compiled
def meal_bolus(therapy: Therapy, carbohydrate: float, shown: float, insulin_on_board: float) -> float:
    """What the bolus calculator gives (U) for counted carbohydrate (g) and what the sensor shows (mg/dL or NaN)."""
    dose = carbohydrate / therapy.carbohydrate_ratio
    if not np.isnan(shown):
        dose += correction_bolus(therapy, shown, max(0.0, insulin_on_board))
    return pump_dose(dose)


@compiled
def predict(readings: FloatSignal, newest: int) -> float:
    """The pump's prediction (mg/dL) from readings [record] at the newest one, which exists."""
    older = max(0, newest - TREND_RECORDS)
    while older < newest and np.isnan(readings[older]):
        older += 1
    if older == newest:
        return float(readings[newest])
    return predicted_glucose(readings[newest], readings[older], (newest - older) * RECORD_MINUTES)
