"""The pump settings that suit a body: what a clinician would arrive at by trial, found here by trial on the model."""

import numpy as np

from bloodtwin_core.insulin.hovorka import Physiology
from bloodtwin_core.simulation.compiled import compiled
from bloodtwin_core.simulation.controller import Therapy
from bloodtwin_core.simulation.gut import absorb_minute, eat, empty_gut
from bloodtwin_core.simulation.physiology import (
    MG_DL_PER_MMOL_L,
    MMOL_PER_GRAM,
    Q1,
    S1,
    State,
    advance_minute,
    steady_state,
)

FASTING_GLUCOSE = 122.0 / MG_DL_PER_MMOL_L
"""mmol/L: within the 80 to 130 mg/dL that the American Diabetes Association aims at before meals (chosen there)."""
TEST_MEAL = 50.0  # g
TEST_MINUTES = 300
"""The pump's duration of insulin action, 5 h: by then a meal with the right bolus is over."""


def titrated(person: Physiology) -> Therapy:
    """The profile with which this body fasts at FASTING_GLUCOSE and a 50 g meal ends where it began after 5 hours."""
    state, infusion = steady_state(person, FASTING_GLUCOSE)
    low, high = 0.0, 40.0
    for _ in range(20):
        dose = 0.5 * (low + high)
        end = glucose_after(person, state.copy(), infusion, TEST_MEAL, dose)
        low, high = (dose, high) if end > FASTING_GLUCOSE else (low, dose)
    dose = 0.5 * (low + high)
    risen = glucose_after(person, state.copy(), infusion, TEST_MEAL, dose - 1.0)
    fall = (risen - glucose_after(person, state.copy(), infusion, TEST_MEAL, dose)) * MG_DL_PER_MMOL_L
    return Therapy(basal_rate=infusion * 60.0 / 1000.0, correction_factor=fall, carbohydrate_ratio=TEST_MEAL / dose)


@compiled
def glucose_after(person: Physiology, state: State, infusion: float, carbohydrate: float, bolus: float) -> float:
    """Glucose (mmol/L) TEST_MINUTES after a meal (g) with a bolus (U) from this state, which it changes."""
    gut = empty_gut()
    work = np.empty((3, len(state)))
    eat(gut, carbohydrate, person.carbohydrate_time, person.carbohydrate_share)
    state[S1] += 1000.0 * bolus
    for _ in range(TEST_MINUTES):
        appearance = absorb_minute(gut) * MMOL_PER_GRAM / person.weight
        advance_minute(state, person, infusion, appearance, 1.0, work)
    return float(state[Q1] / person.glucose_volume)
