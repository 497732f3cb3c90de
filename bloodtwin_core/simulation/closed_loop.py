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
    """What chance brings, [record]: see sensitivity.py and sensor.py; the last two are uniform from 0 to 1."""

    sensitivity: FloatSignal
    gain: FloatSignal
    addition: FloatSignal
    reads: npt.NDArray[np.bool_]
    rescue_chance: FloatSignal
    correction_chance: FloatSignal


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
) -> tuple[FloatSignal, FloatSignal, FloatSignal, FloatSignal]:
    """Readings (mg/dL, NaN in gaps), basal rate (U/h), bolus (U) and rescue carbohydrate (g), each [record].

    A rescue is eaten at the end of its record. Changes state and gut.
    """
    records = len(conditions.gain)
    readings = np.full(records, np.nan, np.float32)
    basal_rates, boluses = np.empty(records, np.float32), np.empty(records, np.float32)
    rescues = np.zeros(records, np.float32)
    work = np.empty((3, len(state)))
    active = np.zeros(2)
    interstitial = blood_glucose(state, person)
    lag = np.exp(-1.0 / INTERSTITIAL_MINUTES)
    rate, ordered = therapy.basal_rate, 0.0
    last_reading, last_bolus, last_rescue = LONG_AGO, LONG_AGO, LONG_AGO
    next_meal, next_bolus = 0, 0
    for record in range(records):
        given = ordered
        state[S1] += 1000.0 * ordered
        for minute in range(record * RECORD_MINUTES, (record + 1) * RECORD_MINUTES):
            while next_meal < len(meals.minute) and meals.minute[next_meal] == minute:
                eat(gut, meals.carbohydrate[next_meal], meals.absorption_time[next_meal], meals.share[next_meal])
                next_meal += 1
            while next_bolus < len(meals.bolus_minute) and meals.bolus_minute[next_bolus] == minute:
                shown = readings[last_reading] if record - last_reading <= 1 else np.nan
                dose = meal_bolus(therapy, meals.bolus_carbohydrate[next_bolus], shown, active.sum() + given)
                state[S1] += 1000.0 * dose
                given += dose
                last_bolus = minute
                next_bolus += 1
            appearance = absorb_minute(gut) * MMOL_PER_GRAM / person.weight
            advance_minute(state, person, 1000.0 * rate / 60.0, appearance, conditions.sensitivity[record], work)
            blood = blood_glucose(state, person)
            interstitial = blood + (interstitial - blood) * lag
        basal_rates[record], boluses[record] = rate, given
        add_active_insulin(active, given + (rate - therapy.basal_rate) * RECORD_MINUTES / 60.0)
        if conditions.reads[record]:
            readings[record] = displayed(conditions.gain[record] * interstitial + conditions.addition[record])
            last_reading = record
        if (record - last_reading) * RECORD_MINUTES > READING_LIFE_MINUTES:
            rate, ordered = therapy.basal_rate, 0.0
            continue
        now = (record + 1) * RECORD_MINUTES
        newest, predicted = readings[last_reading], predict(readings, last_reading)
        rate = closed_loop_basal(therapy, predicted, active.sum())
        ordered = automatic_bolus(therapy, predicted, active.sum(), now - last_bolus)
        awake = is_awake(reactions, now, utc_offset_hours)
        if eats_rescue(reactions, awake, newest, predicted, now - last_rescue, conditions.rescue_chance[record]):
            eat(gut, reactions.rescue_carbohydrate, RESCUE_TIME, RESCUE_SHARE)
            rescues[record] = reactions.rescue_carbohydrate
            last_rescue = now
        wanted = correction_bolus(therapy, newest, active.sum())
        if corrects_by_hand(reactions, awake, newest, wanted, now - last_bolus, conditions.correction_chance[record]):
            ordered = pump_dose(wanted)
        if ordered > 0.0:
            last_bolus = now
    return readings, basal_rates, boluses, rescues


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
