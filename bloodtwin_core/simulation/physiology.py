"""Glucose and insulin in a person with type 1 diabetes: the equations of Hovorka et al.

R. Hovorka et al., "Nonlinear model predictive control of glucose concentration in subjects with type 1
diabetes", Physiological Measurement 25 (2004) 905-920, doi:10.1088/0967-3334/25/4/010. Symbols are the paper's.
Amounts of glucose are per kg of body weight. One addition: insulin sensitivity may vary in time, as one factor
on the paper's three sensitivities.
"""

import numpy as np
import numpy.typing as npt

from bloodtwin_core.insulin.hovorka import (
    FULL_UPTAKE_GLUCOSE,
    RENAL_CLEARANCE,
    RENAL_THRESHOLD,
    Physiology,
    basal_insulin,
)
from bloodtwin_core.simulation.compiled import compiled

MG_DL_PER_MMOL_L = 18.016
"""Glucose weighs 180.16 g/mol."""
MMOL_PER_GRAM = 1000.0 / 180.16

STATES = 8
Q1, Q2, S1, S2, PLASMA_INSULIN, X1, X2, X3 = range(STATES)
"""Places in a state: glucose Q1 and Q2 (mmol/kg), subcutaneous insulin S1 and S2 (mU), plasma insulin (mU/L),
insulin's effect on transport x1 (1/min), disposal x2 (1/min) and endogenous production x3 (1)."""

State = npt.NDArray[np.float64]
"""Shape [STATES]."""


@compiled
def rates(
    state: State, person: Physiology, infusion: float, appearance: float, sensitivity: float, change: State
) -> None:
    """Write d(state)/dt, per minute, into change.

    infusion is mU/min under the skin, appearance mmol/kg/min from the gut, sensitivity 1 on an ordinary day.
    """
    glucose = state[Q1] / person.glucose_volume
    uptake = person.f01 * min(1.0, glucose / FULL_UPTAKE_GLUCOSE)
    renal = RENAL_CLEARANCE * max(0.0, glucose - RENAL_THRESHOLD) * person.glucose_volume
    # The paper lets production fall below zero at high insulin; a liver does not take glucose out that way.
    production = person.egp0 * max(0.0, 1.0 - state[X3])
    transport = state[X1] * state[Q1]
    change[Q1] = -uptake - transport + person.k12 * state[Q2] - renal + appearance + production
    change[Q2] = transport - (person.k12 + state[X2]) * state[Q2]
    change[S1] = infusion - state[S1] / person.insulin_time
    change[S2] = (state[S1] - state[S2]) / person.insulin_time
    volume = person.insulin_volume * person.weight
    change[PLASMA_INSULIN] = state[S2] / (person.insulin_time * volume) - person.ke * state[PLASMA_INSULIN]
    effective = sensitivity * state[PLASMA_INSULIN]
    change[X1] = person.ka1 * (person.sensitivity_transport * effective - state[X1])
    change[X2] = person.ka2 * (person.sensitivity_disposal * effective - state[X2])
    change[X3] = person.ka3 * (person.sensitivity_production * effective - state[X3])


@compiled
def advance_minute(
    state: State, person: Physiology, infusion: float, appearance: float, sensitivity: float, work: State
) -> None:
    """Move the state one minute on, in place, by a classical Runge-Kutta step; inputs are held for that minute.

    work is scratch space, [3, STATES].
    """
    trial, slope, total = work[0], work[1], work[2]
    rates(state, person, infusion, appearance, sensitivity, slope)
    for i in range(STATES):
        total[i] = slope[i] / 6.0
        trial[i] = state[i] + 0.5 * slope[i]
    rates(trial, person, infusion, appearance, sensitivity, slope)
    for i in range(STATES):
        total[i] += slope[i] / 3.0
        trial[i] = state[i] + 0.5 * slope[i]
    rates(trial, person, infusion, appearance, sensitivity, slope)
    for i in range(STATES):
        total[i] += slope[i] / 3.0
        trial[i] = state[i] + slope[i]
    rates(trial, person, infusion, appearance, sensitivity, slope)
    for i in range(STATES):
        state[i] += total[i] + slope[i] / 6.0


def steady_state(person: Physiology, glucose: float) -> tuple[State, float]:
    """The fasting state at glucose (mmol/L), and the basal infusion (mU/min) that keeps it."""
    insulin = basal_insulin(person, glucose)
    infusion = insulin * person.ke * person.insulin_volume * person.weight
    state = np.empty(STATES)
    state[Q1] = glucose * person.glucose_volume
    state[S1] = state[S2] = infusion * person.insulin_time
    state[PLASMA_INSULIN] = insulin
    state[X1] = person.sensitivity_transport * insulin
    state[X2] = person.sensitivity_disposal * insulin
    state[X3] = person.sensitivity_production * insulin
    state[Q2] = state[X1] * state[Q1] / (person.k12 + state[X2])
    return state, infusion
