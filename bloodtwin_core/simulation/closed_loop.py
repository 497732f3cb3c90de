"""A wearer's life, minute by minute: meals, insulin, sensor, pump and the wearer's own reactions, in one compiled loop.

A record stands at the end of its five minutes: its reading is taken then, and its insulin is what was given during
those minutes. So a record holds nothing that a forecast from it could not know.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from bloodtwin_core.records import RECORD_MINUTES
from bloodtwin_core.simulation.controller import (
    MINUTES_BETWEEN_BOLUSES,
    READING_LIFE_MINUTES,
    TREND_RECORDS,
    Therapy,
    active_insulin_decay,
    automatic_bolus,
    closed_loop_basal,
    correction_bolus,
    predicted_glucose,
    pump_dose,
)
from bloodtwin_core.simulation.gut import Gut, absorb_minute, eat
from bloodtwin_core.simulation.meals import Meals
from bloodtwin_core.simulation.physiology import (
    MG_DL_PER_MMOL_L,
    MMOL_PER_GRAM,
    Q1,
    S1,
    Physiology,
    State,
    advance_minute,
)
from bloodtwin_core.simulation.sensor import INTERSTITIAL_MINUTES, displayed

FloatSignal = npt.NDArray[np.float32]
RESCUE_BELOW = 70.0  # mg/dL on the sensor: the level at which guidelines say to eat 15 g of fast carbohydrate
RESCUE_TIME, RESCUE_SHARE = 20.0, 1.0  # min and share: t_max,G and A_G of glucose tablets or juice
MINUTES_BETWEEN_RESCUES = 25
CORRECT_BY_HAND_ABOVE = 220.0  # mg/dL on the sensor
SMALLEST_HAND_CORRECTION = 0.5  # U


class Reactions(NamedTuple):
    """How a wearer reacts to what the sensor shows; probabilities are per record awake."""

    rescue: float  # of eating fast carbohydrate when low
    rescue_asleep: float
    rescue_carbohydrate: float  # g
    correction: float  # of a correction by hand when high
    wakes: float  # h, local
    sleeps: float  # h, local


class Conditions(NamedTuple):
    """What chance brings, [record]: see sensitivity.py and sensor.py; the last two are uniform from 0 to 1."""

    sensitivity: FloatSignal
    gain: FloatSignal
    addition: FloatSignal
    reads: npt.NDArray[np.bool_]
    rescue_chance: FloatSignal
    correction_chance: FloatSignal


@njit(cache=True)
def live(
    person: Physiology,
    therapy: Therapy,
    reactions: Reactions,
    meals: Meals,
    conditions: Conditions,
    utc_offset_hours: int,
    state: State,
    gut: Gut,
) -> tuple[FloatSignal, FloatSignal, FloatSignal]:
    """Readings (mg/dL, NaN in gaps), basal rate (U/h) and bolus (U) of each record, [record]; changes state and gut."""
    records = len(conditions.gain)
    readings = np.full(records, np.nan, np.float32)
    basal_rates, boluses = np.empty(records, np.float32), np.zeros(records, np.float32)
    work = np.empty((3, len(state)))
    interstitial = state[Q1] / person.glucose_volume * MG_DL_PER_MMOL_L
    lag = np.exp(-1.0 / INTERSTITIAL_MINUTES)
    decay = active_insulin_decay()
    active_first, active_second = 0.0, 0.0
    rate, pending_bolus = therapy.basal_rate, 0.0
    last_reading, last_bolus, last_rescue = -1000, -1000, -1000
    next_meal, next_bolus = 0, 0
    insulin_on_board = 0.0
    for record in range(records):
        delivered = pending_bolus
        sensitivity = conditions.sensitivity[record]
        state[S1] += 1000.0 * pending_bolus
        for minute in range(record * RECORD_MINUTES, (record + 1) * RECORD_MINUTES):
            while next_meal < len(meals.minute) and meals.minute[next_meal] <= minute:
                if meals.minute[next_meal] == minute:
                    eat(gut, meals.carbohydrate[next_meal], meals.absorption_time[next_meal], meals.share[next_meal])
                next_meal += 1
            while next_bolus < len(meals.bolus_minute) and meals.bolus_minute[next_bolus] <= minute:
                dose = meals.bolus_carbohydrate[next_bolus] / therapy.carbohydrate_ratio
                if record - last_reading <= 1:
                    dose += correction_bolus(therapy, readings[last_reading], max(0.0, insulin_on_board + delivered))
                dose = pump_dose(dose) if meals.bolus_minute[next_bolus] == minute else 0.0
                if dose > 0.0:
                    state[S1] += 1000.0 * dose
                    delivered += dose
                    last_bolus = minute
                next_bolus += 1
            appearance = absorb_minute(gut) * MMOL_PER_GRAM / person.weight
            advance_minute(state, person, 1000.0 * rate / 60.0, appearance, sensitivity, work)
            blood = state[Q1] / person.glucose_volume * MG_DL_PER_MMOL_L
            interstitial = blood + (interstitial - blood) * lag
        now = (record + 1) * RECORD_MINUTES
        basal_rates[record], boluses[record] = rate, delivered
        # Two compartments, as the insulin itself: what the first loses, the second gains.
        extra = delivered + (rate - therapy.basal_rate) * RECORD_MINUTES / 60.0
        active_second = (active_second - active_first * np.log(decay)) * decay
        active_first = active_first * decay + extra
        insulin_on_board = active_first + active_second
        if conditions.reads[record]:
            reading = displayed(conditions.gain[record] * interstitial + conditions.addition[record])
            readings[record] = reading
            last_reading = record
        if (record - last_reading) * RECORD_MINUTES > READING_LIFE_MINUTES:
            rate, pending_bolus = therapy.basal_rate, 0.0
            continue
        older = last_reading - TREND_RECORDS
        while older < last_reading and (older < 0 or np.isnan(readings[older])):
            older += 1
        newest = readings[last_reading]
        predicted = newest
        if older < last_reading:
            predicted = predicted_glucose(newest, readings[older], (last_reading - older) * RECORD_MINUTES)
        rate = closed_loop_basal(therapy, predicted, insulin_on_board)
        pending_bolus = automatic_bolus(therapy, predicted, insulin_on_board, now - last_bolus)
        hour = (now / 60.0 + utc_offset_hours) % 24.0
        awake = reactions.wakes <= hour < reactions.sleeps
        if newest < RESCUE_BELOW and now - last_rescue >= MINUTES_BETWEEN_RESCUES:
            likely = reactions.rescue if awake else reactions.rescue_asleep
            if conditions.rescue_chance[record] < likely:
                eat(gut, reactions.rescue_carbohydrate, RESCUE_TIME, RESCUE_SHARE)
                last_rescue = now
        if awake and newest > CORRECT_BY_HAND_ABOVE and now - last_bolus >= MINUTES_BETWEEN_BOLUSES:
            wanted = correction_bolus(therapy, newest, insulin_on_board)
            if wanted >= SMALLEST_HAND_CORRECTION and conditions.correction_chance[record] < reactions.correction:
                pending_bolus = pump_dose(wanted)
        if pending_bolus > 0.0:
            last_bolus = now
    return readings, basal_rates, boluses
