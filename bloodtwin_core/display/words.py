"""What a forecast says, in words: where glucose stands and goes, and whether it is likely to leave the target range."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from bloodtwin_core.display.chances import chance_below, spoken
from bloodtwin_core.display.view import ForecastView
from bloodtwin_core.records import RECORD_MINUTES, TARGET_RANGE, VERY_HIGH, VERY_LOW

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


@dataclass(frozen=True)
class Crossing:
    """Glucose will, or may, be beyond a limit (mg/dL), or come back from it.

    minutes: from now to when that is more likely than not, None where it is only possible. chance: 0 to 1, at the step
    at which it is largest; None where the model gives no bands.
    """

    limit: float
    is_below: bool
    minutes: int | None
    chance: float | None
    words: str


def crossings(view: ForecastView) -> tuple[Crossing, ...]:
    """What the forecast says of the limits of glucose, the soonest first; empty if it is likely to stay in range."""
    if not (view.has_forecast and view.has_reading):
        return ()
    low, high = TARGET_RANGE
    now = view.last_reading[1]
    said = [_beyond(view, VERY_LOW, is_below=True), _beyond(view, low, is_below=True)]
    said += [_beyond(view, VERY_HIGH, is_below=False), _beyond(view, high, is_below=False)]
    told = [crossing for crossing in said if crossing is not None]
    if not told and not low <= now <= high:
        told = [_back(view, low if now < low else high, is_below=now > high)]
    return tuple(sorted(told, key=lambda crossing: (crossing.minutes is None, crossing.minutes or 0)))


def outlook_words(view: ForecastView) -> tuple[str, ...]:
    """The forecast in sentences; empty without one."""
    if not view.has_forecast:
        return ()
    told = [crossing.words for crossing in crossings(view)]
    if not told:
        low, high = (view.unit.text(limit) for limit in TARGET_RANGE)
        told = [f"Likely between {low} and {high} for the next {minutes_to(view, -1)} min"]
    return tuple(told)


def minutes_to(view: ForecastView, step: int) -> int:
    """Minutes from the moment at which the view is looked at to a step, in steps of five, at least one of them."""
    away = float((view.times[step] - view.moment) / np.timedelta64(60, "s"))
    return max(1, round(away / RECORD_MINUTES)) * RECORD_MINUTES


def change_words(view: ForecastView) -> str:
    """The change over the last 15 minutes; empty where it is not known."""
    if view.change is None:
        return ""
    change = view.unit.of(view.change)
    sign = "+" if change >= 0 else "−"
    return f"{sign}{abs(change):.{view.unit.decimals}f} in 15 min"


def _beyond(view: ForecastView, limit: float, *, is_below: bool) -> Crossing | None:
    """That glucose, which is not beyond the limit now, will or may be."""
    now = view.last_reading[1]
    if (now < limit) if is_below else (now > limit):
        return None
    chances = _chances(view, limit, is_below=is_below)
    largest = float(chances.max())
    if largest < POSSIBLE:
        return None
    where = f"{'below' if is_below else 'above'} {view.unit.text(limit)}"
    minutes = _minutes(view, chances)
    return _crossing(view, limit, is_below, minutes, largest, where)


def _back(view: ForecastView, limit: float, *, is_below: bool) -> Crossing:
    """That glucose, which is beyond the limit now, comes back, to below it or above it, or does not."""
    chances = _chances(view, limit, is_below=is_below)
    minutes = _minutes(view, chances)
    if minutes is not None:
        where = f"{'below' if is_below else 'above'} {view.unit.text(limit)} again"
        return _crossing(view, limit, is_below, minutes, float(chances.max()), where)
    where = f"{'above' if is_below else 'below'} {view.unit.text(limit)}"
    words = f"Likely still {where} in {minutes_to(view, -1)} min"
    chance = float(1.0 - chances[-1]) if view.bands else None
    return Crossing(limit, not is_below, None, chance, words + _odds(chance))


def _crossing(
    view: ForecastView, limit: float, is_below: bool, minutes: int | None, chance: float, where: str
) -> Crossing:
    known = chance if view.bands else None
    if minutes is None:
        words = f"Perhaps {where} within {minutes_to(view, -1)} min"
    else:
        words = f"{where[0].upper()}{where[1:]} in about {minutes} min"
    return Crossing(limit, is_below, minutes, known, words + _odds(known))


def _odds(chance: float | None) -> str:
    return "" if chance is None else f", {spoken(chance)}"


def _chances(view: ForecastView, limit: float, *, is_below: bool) -> npt.NDArray[np.float64]:
    below = chance_below(view, limit)
    return below if is_below else 1.0 - below


def _minutes(view: ForecastView, chances: npt.NDArray[np.float64]) -> int | None:
    likely = np.flatnonzero(chances >= LIKELY)
    return minutes_to(view, int(likely[0])) if len(likely) else None
