"""What no controller may pass, whatever its forecast says. In one place, apart from controllers.

A forecast can only make these stricter: whether a low is likely is asked of the readings first, and a forecast that
sees none takes nothing back. A wearer's own boluses are the wearer's, and are not limited here.
"""

from dataclasses import dataclass
from math import isfinite

from bloodtwin_core.control.controller import Controller, Decision, PumpState
from bloodtwin_core.records import BASAL_LIMITS, BOLUS_LIMITS, RECORD_MINUTES

VERY_LOW, LOW = 54.0, 70.0
"""mg/dL: nothing is given where glucose is, or will be, below the first, and no more than the profile where it is, or
will be, below the second."""
LOW_AHEAD_MINUTES = 30.0
_HOURS = RECORD_MINUTES / 60.0


@dataclass(frozen=True)
class Limits:
    """Hard limits; the defaults are chosen, and conservative.

    basal_multiple: most basal, as a multiple of the profile's. bolus: most in one (U). on_board_hours: most insulin on
    board, as hours of the profile's basal on top of it.
    """

    basal_multiple: float = 4.0
    bolus: float = 6.0
    on_board_hours: float = 8.0

    def most_on_board(self, now: PumpState) -> float:
        """U on top of the profile that a decision may lead to."""
        return self.on_board_hours * now.therapy.basal_rate

    def applied(self, decision: Decision, now: PumpState) -> Decision:
        """The decision, lessened until it lies within. What is no number counts as no insulin.

        Without a fresh reading, and where a low is there or likely: no bolus, and no more than the profile, which
        nobody may lack for long. Where glucose is very low, or will be: nothing.
        """
        profile = now.therapy.basal_rate
        rate, bolus = _amount(decision.basal_rate), _amount(decision.bolus)
        if not now.is_fresh:
            return Decision(min(rate, profile, BASAL_LIMITS.high))
        if is_likely_below(VERY_LOW, now):
            return Decision(0.0)
        if is_likely_below(LOW, now):
            return Decision(min(rate, profile, BASAL_LIMITS.high))
        room = max(0.0, self.most_on_board(now) - now.insulin_on_board)
        rate = min(rate, self.basal_multiple * profile, BASAL_LIMITS.high, profile + room / _HOURS)
        room = max(0.0, room - max(0.0, rate - profile) * _HOURS)
        return Decision(rate, min(bolus, self.bolus, BOLUS_LIMITS.high, room))


def is_likely_below(limit: float, now: PumpState) -> bool:
    """Whether glucose is below a limit (mg/dL), or will be in half an hour by its line, or by then by the forecast's
    middle."""
    if not now.newest >= limit or not now.line_ahead(LOW_AHEAD_MINUTES) >= limit:
        return True
    if now.forecast is None:
        return False
    steps = int(LOW_AHEAD_MINUTES // RECORD_MINUTES)
    return not bool((now.forecast.glucose[:steps] >= limit).all())


@dataclass(frozen=True)
class Limited:
    """A controller inside limits."""

    inner: Controller
    limits: Limits = Limits()

    @property
    def wants_forecast(self) -> bool:
        """As the controller inside."""
        return self.inner.wants_forecast

    def decide(self, now: PumpState) -> Decision:
        """What the controller inside decides, lessened."""
        return self.limits.applied(self.inner.decide(now), now)


def _amount(value: float) -> float:
    return max(0.0, value) if isfinite(value) else 0.0
