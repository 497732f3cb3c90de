"""The pump's closed loop, after Control-IQ: what it gives next, decided every five minutes from sensor readings.

Thresholds as Tandem publishes them for Control-IQ (Personal Activity: none): glucose predicted 30 minutes ahead
reduces the basal rate under 112.5 mg/dL, stops it at 70, raises it over 160, and over 180 adds a correction bolus
of 60 % of what the correction factor asks for, aimed at 110 mg/dL, at most one an hour and none within an hour of
another bolus; without a reading for 20 minutes the basal profile runs. Insulin counts as active for 5 hours.
How Control-IQ predicts and by how much it raises the rate is not published: a straight line through the last
20 minutes and RAISED_BASAL_LIMIT stand in for it.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records import BASAL_LIMITS, BOLUS_LIMITS, RECORD_MINUTES
from bloodtwin_core.simulation.compiled import compiled

PREDICTION_MINUTES = 30.0
REDUCE_BELOW = 112.5  # mg/dL, predicted
STOP_AT = 70.0  # mg/dL, predicted
RAISE_ABOVE = 160.0  # mg/dL, predicted
CORRECT_ABOVE = 180.0  # mg/dL, predicted
CORRECTION_TARGET = 110.0  # mg/dL
AUTOMATIC_SHARE = 0.6
AUTOMATIC_LIMIT = 6.0  # U, largest automatic bolus
MINUTES_BETWEEN_BOLUSES = 60
READING_LIFE_MINUTES = 20
TREND_RECORDS = 4
"""Readings behind the newest one that the trend is taken over (20 minutes)."""
RAISED_BASAL_LIMIT = 3.0
"""Largest raised rate, as a multiple of the profile's (chosen here)."""
LARGEST_BASAL, LARGEST_BOLUS = BASAL_LIMITS.high, BOLUS_LIMITS.high
RAISE_HOURS = 2.0
"""The raised rate would bring the missing insulin in so many hours (chosen here)."""
ACTIVE_INSULIN_TIME = 55.0
"""min: of the pump's insulin on board, Hovorka's t_max,I; 3 % is left after the 5 hours that Control-IQ counts."""


class Therapy(NamedTuple):
    """The settings in a pump's profile."""

    basal_rate: float  # U/h
    correction_factor: float  # mg/dL per U
    carbohydrate_ratio: float  # g per U


@compiled
def predicted_glucose(newest: float, older: float, minutes_between: float) -> float:
    """Glucose 30 minutes ahead (mg/dL) on the line through two readings, the newest and an older one."""
    return newest + (newest - older) * PREDICTION_MINUTES / minutes_between


@compiled
def closed_loop_basal(therapy: Therapy, predicted: float, insulin_on_board: float) -> float:
    """The basal rate (U/h) for the next five minutes."""
    if predicted <= STOP_AT:
        return 0.0
    if predicted < REDUCE_BELOW:
        return therapy.basal_rate * (predicted - STOP_AT) / (REDUCE_BELOW - STOP_AT)
    if predicted <= RAISE_ABOVE:
        return therapy.basal_rate
    missing = (predicted - RAISE_ABOVE) / therapy.correction_factor - max(0.0, insulin_on_board)
    raised = therapy.basal_rate + max(0.0, missing) / RAISE_HOURS
    return min(raised, RAISED_BASAL_LIMIT * therapy.basal_rate, LARGEST_BASAL)


@compiled
def correction_bolus(therapy: Therapy, glucose: float, insulin_on_board: float) -> float:
    """What the bolus calculator asks for to come down to the target (U); negative below it."""
    return (glucose - CORRECTION_TARGET) / therapy.correction_factor - insulin_on_board


@compiled
def automatic_bolus(therapy: Therapy, predicted: float, insulin_on_board: float, minutes_since_bolus: int) -> float:
    """The automatic correction bolus to give now (U), 0 for none."""
    if predicted < CORRECT_ABOVE or minutes_since_bolus < MINUTES_BETWEEN_BOLUSES:
        return 0.0
    dose = AUTOMATIC_SHARE * correction_bolus(therapy, predicted, insulin_on_board)
    return pump_dose(min(dose, AUTOMATIC_LIMIT))


@compiled
def pump_dose(units: float) -> float:
    """A dose as the pump can give it: no less than 0.05 U, in steps of 0.01 U (t:slim X2 user guide)."""
    if units < 0.05:
        return 0.0
    return float(np.round(min(units, LARGEST_BOLUS) * 100.0) / 100.0)


@compiled
def add_active_insulin(active: npt.NDArray[np.float64], units: float) -> None:
    """Let the active insulin of the pump's two compartments (U, [2]) age by one record, then add units to the first.

    Units are relative to the basal profile, so a reduced basal rate makes them negative.
    """
    age = RECORD_MINUTES / ACTIVE_INSULIN_TIME
    decay = np.exp(-age)
    active[1] = (active[1] + active[0] * age) * decay
    active[0] = active[0] * decay + units
