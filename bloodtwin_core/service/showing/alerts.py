"""What the open page rings for: glucose that is out of its limits, or is more likely than not to be so."""

from dataclasses import dataclass

from bloodtwin_core.display.view import ForecastView
from bloodtwin_core.display.words import Level, Saying, Side, sayings
from bloodtwin_core.records import TARGET_RANGE, VERY_HIGH

LIMITS = {Side.low: TARGET_RANGE[0], Side.high: VERY_HIGH}
"""mg/dL, beyond which it rings."""


@dataclass(frozen=True)
class Alert:
    """One thing to ring for, in words."""

    side: Side
    words: str


def alerts_of(view: ForecastView) -> list[Alert]:
    """Beyond LIMITS now or to come, one for each side; nothing without a forecast, as of a reading that is old."""
    if not view.has_forecast or not view.has_reading:
        return []
    glucose = view.last_reading[1]
    now = f"{Level.of(glucose).capitalize()}: {view.unit.text(glucose)} {view.unit} now"
    beyond = {Side.low: glucose < LIMITS[Side.low], Side.high: glucose > LIMITS[Side.high]}
    told = []
    for side in Side:
        coming = [saying.words for saying in sayings(view) if _rings(saying, side)]
        if beyond[side] or coming:
            told.append(Alert(side, now if beyond[side] else coming[0]))
    return told


def _rings(saying: Saying, side: Side) -> bool:
    if saying.side is not side or not saying.is_grave or saying.limit is None:
        return False
    return saying.limit <= LIMITS[side] if side is Side.low else saying.limit >= LIMITS[side]
