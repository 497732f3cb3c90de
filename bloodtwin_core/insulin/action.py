"""How far a dose of rapid insulin has acted: Loop's exponential models.

LoopKit, `ExponentialInsulinModel` and its presets: activity that rises to a peak and ends after the duration of action,
beginning after a delay. The formula is D. Bunting's, described in Loop's issue 388 on GitHub.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats

REACH_MINUTES = 360
"""How long a dose is followed; a sensitivity is what a unit takes off in this time."""


class InsulinAction(Protocol):
    """A published curve of action."""

    @property
    def name(self) -> str:
        """What people call it."""

    def acted(self, minutes: npt.ArrayLike) -> Floats:
        """The part of a dose's effect at REACH_MINUTES that is there after so many minutes, of any shape.

        0 before the dose, never negative, 1 (to a thousandth) at REACH_MINUTES and then for ever after.
        """


@dataclass(frozen=True)
class ExponentialAction:
    """An activity that peaks after `peak` minutes of a duration, both counted from the end of the delay."""

    name: str
    peak: float
    duration: float = 360.0
    delay: float = 10.0

    def acted(self, minutes: npt.ArrayLike) -> Floats:
        """See InsulinAction; it never falls."""
        since = np.clip(np.asarray(minutes, dtype=np.float64) - self.delay, 0.0, self.duration)
        share = self.peak / self.duration
        time_constant = self.peak * (1.0 - share) / (1.0 - 2.0 * share)
        rise = 2.0 * time_constant / self.duration
        scale = 1.0 / (1.0 - rise + (1.0 + rise) * np.exp(-self.duration / time_constant))
        bend = since**2 / (time_constant * self.duration * (1.0 - rise)) - since / time_constant - 1.0
        acted: Floats = scale * (1.0 - rise) * (bend * np.exp(-since / time_constant) + 1.0)
        return np.clip(acted, 0.0, 1.0)


RAPID = ExponentialAction("Loop, rapid insulin of adults", peak=75.0)
"""Lispro, aspart and glulisine: LoopKit's preset for adults."""
FASTER = ExponentialAction("Loop, faster insulin", peak=55.0)
"""Fiasp and Lyumjev: LoopKit's presets."""
