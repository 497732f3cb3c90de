"""How probable it is that glucose will lie below a limit, from the bands of a forecast."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from bloodtwin_core.display.view import ForecastView

_HALF = Fraction(1, 2)
_BELOW_HALF = [Fraction(*odds) for odds in ((1, 5), (1, 4), (1, 3), (2, 5))]
_FROM_HALF_ON = [_HALF, *(Fraction(*odds) for odds in ((2, 3), (3, 4), (4, 5), (9, 10), (19, 20)))]
"""What people say for a probability; nothing between is known so well."""


def chance_below(view: ForecastView, limit: float) -> npt.NDArray[np.float64]:
    """The probability (0 to 1, [step]) that glucose lies below the limit (mg/dL) at each step.

    It runs straight between the bounds of the bands and the forecast itself, the middle of them, and stays at the
    outermost bound's beyond. Without bands it is 0 or 1.
    """
    if not view.bands:
        return (view.glucose < limit).astype(np.float64)
    levels = [(1.0 - band.share) / 2.0 for band in view.bands]
    known = np.array([*levels, 0.5, *(1.0 - level for level in levels[::-1])])
    bounds = np.array([*(band.low for band in view.bands), view.glucose, *(band.high for band in view.bands[::-1])])
    rising = np.maximum.accumulate(bounds.astype(np.float64), axis=0).T
    return np.array([np.interp(limit, step, known) for step in rising])


def spoken(chance: float) -> str:
    """A probability as people say it: 3 in 4."""
    nearest = min(_FROM_HALF_ON if chance >= _HALF else _BELOW_HALF, key=lambda odds: abs(float(odds) - chance))
    return f"{nearest.numerator} in {nearest.denominator}"
