"""Where things lie in a picture: its size, its margins, and from times and glucose to its own units."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bloodtwin_core.display.scale import Scale
from bloodtwin_core.display.view import ForecastView

_LEFT, _RIGHT = 52.0, 16.0
_TITLED_TOP, _BARE_TOP, _FOOT, _HOURS = 86.0, 26.0, 24.0, 28.0
CARBS_HEIGHT, INSULIN_HEIGHT = 30.0, 46.0
_DOSES_GAP = 12.0


@dataclass(frozen=True)
class Frame:
    """The size of a picture, in its own units: pixels where it is shown as large as it is.

    is_titled: whether it says whose forecast it is and of when, as a picture that stands alone must.
    """

    width: float = 620.0
    height: float = 420.0
    is_titled: bool = True


@dataclass(frozen=True)
class Canvas:
    """A view in a frame."""

    view: ForecastView
    frame: Frame

    @cached_property
    def scale(self) -> Scale:
        """What of time and glucose is drawn."""
        return Scale.of(self.view)

    @property
    def left(self) -> float:
        """Where the numbers of glucose end and the picture begins."""
        return _LEFT

    @property
    def right(self) -> float:
        """Where the picture ends."""
        return self.frame.width - _RIGHT

    @property
    def top(self) -> float:
        """Where glucose begins."""
        return _TITLED_TOP if self.frame.is_titled else _BARE_TOP

    @property
    def bottom(self) -> float:
        """Where everything but the hours ends."""
        return self.frame.height - _HOURS - (_FOOT if self.frame.is_titled else 0.0)

    @property
    def floor(self) -> float:
        """Where glucose ends: above the doses, if there are any."""
        return self.carbs_top - _DOSES_GAP if self.view.doses.are_known else self.bottom

    @property
    def carbs_top(self) -> float:
        """Where carbohydrates begin; insulin follows."""
        return self.bottom - INSULIN_HEIGHT - CARBS_HEIGHT

    def x(self, time: np.datetime64) -> float:
        """The place of a moment."""
        return self.left + self.scale.across(time) * (self.right - self.left)

    def y(self, glucose: float) -> float:
        """The height of a glucose (mg/dL)."""
        return self.floor - self.scale.up(glucose) * (self.floor - self.top)

    @property
    def hours(self) -> float:
        """How many hours the picture holds."""
        return float((self.scale.last - self.scale.first) / np.timedelta64(3600, "s"))

    @property
    def record_width(self) -> float:
        """How much room five minutes have."""
        return (self.right - self.left) / max(self.hours * 12.0, 1.0)


def joined(points: Iterable[tuple[float, float]]) -> str:
    """Points as a path draws them."""
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def number(x: float, y: float, text: str, kind: str = "") -> str:
    """A number at the left of the picture."""
    return f'<text class="{kind}" x="{x - 8:.1f}" y="{y + 5:.1f}" text-anchor="end">{text}</text>'
