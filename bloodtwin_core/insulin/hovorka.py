"""The body of Hovorka et al., and what a small dose does to it.

R. Hovorka et al., "Nonlinear model predictive control of glucose concentration in subjects with type 1
diabetes", Physiological Measurement 25 (2004) 905-920, doi:10.1088/0967-3334/25/4/010. Symbols are the paper's.
The virtual wearers of simulation/ live by its equations; here they are linearised about a steady state, so that a dose
of any size has the same shape of response. Unlike a curve of action this response comes back: with less glucose, less
is used and less is lost in urine.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.insulin.action import REACH_MINUTES

FULL_UPTAKE_GLUCOSE = 4.5
"""mmol/L: below it the uptake that needs no insulin, F01, falls with glucose (Hovorka 2004)."""
RENAL_THRESHOLD = 9.0
"""mmol/L: above it glucose is lost in urine (Hovorka 2004)."""
RENAL_CLEARANCE = 0.003
"""1/min (Hovorka 2004)."""


class Physiology(NamedTuple):
    """One person. The defaults are the values of Hovorka 2004, tables 1 and 2."""

    weight: float = 70.0  # kg
    egp0: float = 0.0161  # mmol/kg/min, endogenous production at no insulin
    f01: float = 0.0097  # mmol/kg/min, uptake that needs no insulin
    k12: float = 0.066  # 1/min, from the non-accessible to the accessible compartment
    ka1: float = 0.006  # 1/min, deactivation of x1
    ka2: float = 0.06  # 1/min, deactivation of x2
    ka3: float = 0.03  # 1/min, deactivation of x3
    sensitivity_transport: float = 51.2e-4  # S_IT, 1/min per mU/L
    sensitivity_disposal: float = 8.2e-4  # S_ID, 1/min per mU/L
    sensitivity_production: float = 520e-4  # S_IE, 1 per mU/L
    ke: float = 0.138  # 1/min, elimination of insulin
    insulin_volume: float = 0.12  # VI, L/kg
    glucose_volume: float = 0.16  # VG, L/kg
    insulin_time: float = 55.0  # tmaxI, min
    carbohydrate_time: float = 40.0  # tmaxG, min
    carbohydrate_share: float = 0.8  # AG, share of eaten carbohydrate that reaches the blood


def basal_insulin(person: Physiology, glucose: float) -> float:
    """Plasma insulin (mU/L) that holds glucose (mmol/L, between the two thresholds) where it is.

    Setting the rates to zero leaves a quadratic in insulin with one positive root, if production exceeds uptake.
    """
    amount = glucose * person.glucose_volume
    surplus = person.egp0 - person.f01
    a = person.sensitivity_disposal * (
        person.egp0 * person.sensitivity_production + amount * person.sensitivity_transport
    )
    b = person.egp0 * person.sensitivity_production * person.k12 - surplus * person.sensitivity_disposal
    c = -surplus * person.k12
    return float((-b + np.sqrt(b * b - 4.0 * a * c)) / (2.0 * a))


@dataclass(frozen=True)
class HovorkaResponse:
    """The response of glucose to a small dose in a body at rest at so many mmol/L.

    Of steady states at 6, 8 and 10 mmol/L, that at 10, above the renal threshold, where insulin is given to correct,
    comes nearest to what doses do to virtual wearers (benchmarks/simulation/insulin_response.py).
    """

    name: str = "Hovorka 2004"
    glucose: float = 10.0
    person: Physiology = field(default_factory=Physiology)

    def acted(self, minutes: npt.ArrayLike) -> Floats:
        """See InsulinAction; it comes back after about three hours."""
        acted: Floats = np.interp(
            np.asarray(minutes, dtype=np.float64), np.arange(REACH_MINUTES + 1.0), self._by_minute
        )
        return acted

    @cached_property
    def _by_minute(self) -> Floats:
        step = _minute_of(_linearised(self.person, self.glucose))
        state = np.zeros(_STATES)
        state[_S1] = 1.0
        fall = np.zeros(REACH_MINUTES + 1)
        for minute in range(1, REACH_MINUTES + 1):
            state = step @ state
            fall[minute] = -state[_Q1]
        response: Floats = fall / fall[-1]
        return response


_STATES = 8
_Q1, _Q2, _S1, _S2, _INSULIN, _X1, _X2, _X3 = range(_STATES)


def _linearised(person: Physiology, glucose: float) -> Floats:
    """Derivatives of the rates of change by the states, per minute, [rate, state], at a steady state."""
    q1, x1, x2, _ = _at_rest(person, glucose)
    q2 = x1 * q1 / (person.k12 + x2)
    matrix = np.zeros((_STATES, _STATES))
    used = person.f01 / FULL_UPTAKE_GLUCOSE / person.glucose_volume if glucose < FULL_UPTAKE_GLUCOSE else 0.0
    lost = RENAL_CLEARANCE if glucose > RENAL_THRESHOLD else 0.0
    matrix[_Q1, [_Q1, _Q2, _X1, _X3]] = -x1 - used - lost, person.k12, -q1, -person.egp0
    matrix[_Q2, [_Q1, _Q2, _X1, _X2]] = x1, -person.k12 - x2, q1, -q2
    matrix[_S1, _S1] = -1.0 / person.insulin_time
    matrix[_S2, [_S1, _S2]] = 1.0 / person.insulin_time, -1.0 / person.insulin_time
    matrix[_INSULIN, [_S2, _INSULIN]] = 1.0 / person.insulin_time, -person.ke
    for effect, decay, sensitivity in (
        (_X1, person.ka1, person.sensitivity_transport),
        (_X2, person.ka2, person.sensitivity_disposal),
        (_X3, person.ka3, person.sensitivity_production),
    ):
        matrix[effect, [_INSULIN, effect]] = decay * sensitivity, -decay
    return matrix


def _at_rest(person: Physiology, glucose: float) -> tuple[float, float, float, float]:
    """Q1 (mmol/kg), x1, x2 (1/min) and x3 (1) of the steady state without what urine takes."""
    insulin = basal_insulin(person, glucose)
    return (
        glucose * person.glucose_volume,
        person.sensitivity_transport * insulin,
        person.sensitivity_disposal * insulin,
        person.sensitivity_production * insulin,
    )


def _minute_of(matrix: Floats) -> Floats:
    """What a minute does to the states: the exponential of the matrix, by its series."""
    whole, term = np.eye(len(matrix)), np.eye(len(matrix))
    for power in range(1, 12):
        term = term @ matrix / power
        whole = whole + term
    return whole
