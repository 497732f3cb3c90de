"""Glucose in mg/dL, from the unit that somebody declared; numbers that contradict the declaration are refused.

No unit is ever guessed: of 30 nobody can say whether it is a severe low in mg/dL or a severe high in mmol/L.
"""

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records import GLUCOSE_LIMITS, LOWEST_MEDIAN
from bloodtwin_core.records.glucose_units import MG_PER_DL_PER_MMOL_PER_L, GlucoseUnit

__all__ = ["MG_PER_DL_PER_MMOL_PER_L", "GlucoseUnit", "UnitsError", "in_mg_per_dl"]

_CONTRADICTING_SHARE = 0.02
_CONTRADICTING_COUNT = 5
"""More readings than both of these outside of what the unit allows are no stray noise but another unit."""


class UnitsError(DataError):
    """The numbers do not fit the unit that was declared for them."""


_MEDIANS = {
    GlucoseUnit.mg_dl: (LOWEST_MEDIAN, 1000.0),
    GlucoseUnit.mmol_l: (LOWEST_MEDIAN / MG_PER_DL_PER_MMOL_PER_L, 35.0),
}
"""Where the median of a wearer's readings can lie. Sensors show nothing under 39 mg/dL or above 27.8 mmol/L."""
_READINGS = {
    GlucoseUnit.mg_dl: (GLUCOSE_LIMITS.low, 1000.0),
    GlucoseUnit.mmol_l: (GLUCOSE_LIMITS.low / MG_PER_DL_PER_MMOL_PER_L, 35.0),
}
"""Where nearly all readings must lie; between the two units there is hardly a number that both allow."""


def in_mg_per_dl(glucose: npt.NDArray[np.float64], unit: GlucoseUnit, *, source: str = "") -> npt.NDArray[np.float64]:
    """Readings [reading] of the declared unit in mg/dL; NaN stays NaN.

    source names the file or site in the error. Raises UnitsError if the readings, or more than a few of them, are
    implausible in that unit; what is merely out of GLUCOSE_LIMITS is clipped and flagged later.
    """
    measured = glucose[np.isfinite(glucose)]
    if len(measured):
        _refuse_implausible(measured, unit, source)
    return glucose if unit is GlucoseUnit.mg_dl else glucose * MG_PER_DL_PER_MMOL_PER_L


def _refuse_implausible(measured: npt.NDArray[np.float64], unit: GlucoseUnit, source: str) -> None:
    low, high = _MEDIANS[unit]
    median = float(np.median(measured))
    other = GlucoseUnit.mmol_l if unit is GlucoseUnit.mg_dl else GlucoseUnit.mg_dl
    where = f"{source}: " if source else ""
    todo = f"Declare {other} if that is the unit, and give readings of one unit only"
    if not low <= median <= high:
        raise UnitsError(f"{where}the median glucose is {median:g}, which cannot be {unit} as declared", todo=todo)
    low, high = _READINGS[unit]
    outside = (measured < low) | (measured > high)
    count = int(outside.sum())
    if count >= _CONTRADICTING_COUNT and count > _CONTRADICTING_SHARE * len(measured):
        first = float(measured[outside][0])
        what = f"{where}{count} of {len(measured)} readings, the first {first:g}, cannot be {unit} as declared"
        raise UnitsError(what, todo=todo)
