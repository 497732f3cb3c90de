"""What a forecast says, in words: where glucose stands and goes, and whether it is likely to leave the target range."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from bloodtwin_core.display.chances import chance_below, spoken
from bloodtwin_core.display.view import ForecastView
from bloodtwin_core.records import TARGET_RANGE, VERY_HIGH, VERY_LOW

LIKELY, POSSIBLE = 0.5, 0.2
"""From these probabilities on something is said to come, and to be possible."""
_SLOWLY, _PLAINLY, _FAST = 1.0, 2.0, 3.0
"""mg/dL per minute, from which sensors' displays turn their arrows; Dexcom G7 User Guide, "Trend arrows"."""


class Level(StrEnum):
    """Where a glucose stands."""

    very_low = "very low"
    low = "low"
    in_range = "in range"
    high = "high"
    very_high = "very high"

    @classmethod
    def of(cls, glucose: float) -> "Level":
        """That of a glucose (mg/dL)."""
        low, high = TARGET_RANGE
        if glucose < low:
            return cls.very_low if glucose < VERY_LOW else cls.low
        if glucose > high:
            return cls.very_high if glucose > VERY_HIGH else cls.high
        return cls.in_range


class Direction(StrEnum):
    """Where glucose goes."""

    falling_fast = "falling fast"
    falling = "falling"
    falling_slowly = "falling slowly"
    steady = "steady"
    rising_slowly = "rising slowly"
    rising = "rising"
    rising_fast = "rising fast"
    unknown = "direction unknown"

    @classmethod
    def of(cls, change_per_minute: float | None) -> "Direction":
        """That of a change (mg/dL per minute)."""
        if change_per_minute is None:
            return cls.unknown
        steps = int(np.searchsorted([_SLOWLY, _PLAINLY, _FAST], abs(change_per_minute), side="right"))
        rising, falling = ("steady", "rising slowly", "rising", "rising fast"), ("falling slowly", "falling")
        if change_per_minute >= 0 or steps == 0:
            return cls(rising[steps])
        return cls((*falling, "falling fast")[steps - 1])


class Side(StrEnum):
    """On which side of the target range."""

    low = "low"
    high = "high"


_BEYOND = {Side.low: "below", Side.high: "above"}
_WITHIN = {Side.low: "above", Side.high: "below"}


@dataclass(frozen=True)
class Saying:
    """One sentence of what is to come.

    side: on which glucose leaves the target range or stays out of it, None where it stays in or comes back. is_grave:
    that is more likely than not. limit: mg/dL that is crossed, None where none is. minutes: from now to when that is
    more likely than not, None where it is only possible. chance: 0 to 1, at the step at which it is largest; None where
    the model gives no bands.
    """

    words: str
    side: Side | None = None
    is_grave: bool = False
    limit: float | None = None
    minutes: int | None = None
    chance: float | None = None


def sayings(view: ForecastView) -> tuple[Saying, ...]:
    """What the forecast says of the limits of glucose, the soonest first; empty without a forecast."""
    if not (view.has_forecast and view.has_reading):
        return ()
    low, high = TARGET_RANGE
    limits = ((VERY_LOW, Side.low), (low, Side.low), (VERY_HIGH, Side.high), (high, Side.high))
    told = [saying for limit, side in limits if (saying := _leaving(view, limit, side)) is not None]
    now = view.last_reading[1]
    if not low <= now <= high:
        told.append(_out_of_range(view, low if now < low else high, Side.low if now < low else Side.high))
    if not told:
        between = " and ".join(view.unit.text(limit) for limit in TARGET_RANGE)
        return (Saying(f"Likely between {between} for the next {view.minutes_to(-1)} min"),)
    return tuple(sorted(told, key=lambda saying: (saying.minutes is None, saying.minutes or 0)))


def _leaving(view: ForecastView, limit: float, side: Side) -> Saying | None:
    """That glucose, which is not beyond the limit now, will or may be."""
    now = view.last_reading[1]
    if (now < limit) if side is Side.low else (now > limit):
        return None
    chances = _beyond(view, limit, side)
    largest = float(chances.max())
    if largest < POSSIBLE:
        return None
    minutes, chance = _minutes(view, chances), largest if view.bands else None
    where = f"{_BEYOND[side]} {view.unit.text(limit)}"
    if minutes is None:
        words = f"Perhaps {where} within {view.minutes_to(-1)} min"
    else:
        words = f"{where.capitalize()} in about {minutes} min"
    return Saying(words + _odds(chance), side, minutes is not None, limit, minutes, chance)


def _out_of_range(view: ForecastView, limit: float, side: Side) -> Saying:
    """That glucose, which is beyond the limit now, comes back or does not."""
    back = 1.0 - _beyond(view, limit, side)
    minutes = _minutes(view, back)
    if minutes is not None:
        chance = float(back.max()) if view.bands else None
        words = f"{_WITHIN[side].capitalize()} {view.unit.text(limit)} again in about {minutes} min"
        return Saying(words + _odds(chance), limit=limit, minutes=minutes, chance=chance)
    chance = float(1.0 - back[-1]) if view.bands else None
    words = f"Likely still {_BEYOND[side]} {view.unit.text(limit)} in {view.minutes_to(-1)} min"
    return Saying(words + _odds(chance), side, True, limit, None, chance)


def _odds(chance: float | None) -> str:
    return "" if chance is None else f", {spoken(chance)}"


def _beyond(view: ForecastView, limit: float, side: Side) -> npt.NDArray[np.float64]:
    """The probability of each step to lie beyond the limit."""
    below = chance_below(view, limit)
    return below if side is Side.low else 1.0 - below


def _minutes(view: ForecastView, chances: npt.NDArray[np.float64]) -> int | None:
    likely = np.flatnonzero(chances >= LIKELY)
    return view.minutes_to(int(likely[0])) if len(likely) else None


def change_words(view: ForecastView) -> str:
    """The change over the last 15 minutes; empty where it is not known."""
    if view.change is None:
        return ""
    change = view.unit.of(view.change)
    sign = "+" if change >= 0 else "−"
    return f"{sign}{abs(change):.{view.unit.decimals}f} in 15 min"
