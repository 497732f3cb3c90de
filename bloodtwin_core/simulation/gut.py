"""Absorption of carbohydrate: the two-compartment chain of Hovorka 2004, one chain a meal, so that meals may overlap.

For a single meal of D grams it gives the paper's appearance D * AG * t * exp(-t / tmaxG) / tmaxG^2.
"""

import numpy as np
import numpy.typing as npt

from bloodtwin_core.simulation.compiled import compiled

MEALS_AT_ONCE = 12
"""Chains that can be under way; a further meal joins the one that is nearest to its end."""

FIRST, SECOND, TIME, SHARE = range(4)
Gut = npt.NDArray[np.float64]
"""[MEALS_AT_ONCE, 4]: carbohydrate in the first and second compartment (g), tmaxG (min), share absorbed."""


@compiled
def empty_gut() -> Gut:
    """A gut after a long fast."""
    gut = np.zeros((MEALS_AT_ONCE, 4))
    gut[:, TIME] = 1.0
    return gut


@compiled
def eat(gut: Gut, grams: float, absorption_time: float, share: float) -> None:
    """Put a meal into the chain that holds least; its remainder (a rounding error, in practice) is absorbed with it."""
    place = 0
    for i in range(1, MEALS_AT_ONCE):
        if gut[i, FIRST] + gut[i, SECOND] < gut[place, FIRST] + gut[place, SECOND]:
            place = i
    gut[place, FIRST] += grams
    gut[place, TIME] = absorption_time
    gut[place, SHARE] = share


@compiled
def absorb_minute(gut: Gut) -> float:
    """Move the gut one minute on, exactly; returns the carbohydrate that reached the blood (g)."""
    absorbed = 0.0
    for i in range(MEALS_AT_ONCE):
        held = gut[i, FIRST] + gut[i, SECOND]
        if held > 1e-6:
            decay = np.exp(-1.0 / gut[i, TIME])
            gut[i, SECOND] = (gut[i, SECOND] + gut[i, FIRST] / gut[i, TIME]) * decay
            gut[i, FIRST] *= decay
            absorbed += gut[i, SHARE] * (held - gut[i, FIRST] - gut[i, SECOND])
    return absorbed
