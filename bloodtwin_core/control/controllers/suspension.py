"""Predictive suspension of basal insulin: by Basal-IQ's published rule, and by a calibrated quantile of the forecast.

Insulin stops where glucose is expected below 80 mg/dL in 30 minutes from the last four readings, or is below 70, and
goes on once it begins to rise (J. E. Pinsker et al., Diabetes 68 (2019) Suppl. 1, 120-LB); it stops for no more than
two hours of any two and a half (Tandem's help pages, "How does Basal-IQ technology work?"). That the expectation is a
least-squares line, and that one reading above the one before is a rise, stands in for what is not published.
"""

from collections import deque
from collections.abc import Callable

import numpy as np

from bloodtwin_core.control.controller import Decision, PumpState
from bloodtwin_core.records import RECORD_MINUTES

EXPECTED_BELOW = 80.0  # mg/dL
BELOW = 70.0  # mg/dL
AHEAD_MINUTES = 30
MOST_RECORDS, OF_RECORDS = 24, 30
"""Two hours without insulin in two hours and a half."""

QUANTILE_LEVEL, QUANTILE_BELOW, QUANTILE_AHEAD_MINUTES = 0.10, 79.0, 60
"""The quantile asked, its threshold (mg/dL) and how far ahead: chosen on other virtual wearers than docs/control.md's.
A suspension acts after an hour, and so far the line of the rule does not reach."""


class Suspension:
    """The profile, or nothing while a low is there or expected; one object for one pump."""

    def __init__(self, is_low: Callable[[PumpState], bool], *, wants_forecast: bool) -> None:
        self._is_low, self._wants_forecast = is_low, wants_forecast
        self._stopped: deque[bool] = deque(maxlen=OF_RECORDS - 1)

    @property
    def wants_forecast(self) -> bool:
        """Whether the forecast is asked."""
        return self._wants_forecast

    def decide(self, now: PumpState) -> Decision:
        """The profile's rate or none; the profile without a fresh reading and after two hours of nothing."""
        stops = sum(self._stopped) < MOST_RECORDS and now.is_fresh and self._is_low(now)
        self._stopped.append(stops)
        return Decision(0.0 if stops else now.therapy.basal_rate)


def basal_iq() -> Suspension:
    """Basal-IQ's rule."""
    return Suspension(_rule_is_low, wants_forecast=False)


def quantile_suspension(level: float = QUANTILE_LEVEL, below: float = QUANTILE_BELOW) -> Suspension:
    """Suspension below 70 mg/dL or where the forecast's quantile of this level (from 0 to 1) comes below so many mg/dL.

    It goes on with the first rise, as the rule does, or when neither holds. Where there is no forecast, Basal-IQ's rule
    decides.
    """
    return Suspension(lambda now: _quantile_is_low(now, level, below), wants_forecast=True)


def _is_rising(now: PumpState) -> bool:
    return len(now.glucose) > 1 and bool(now.glucose[-1] > now.glucose[-2])


def _rule_is_low(now: PumpState) -> bool:
    return not _is_rising(now) and (now.newest < BELOW or now.line_ahead(AHEAD_MINUTES) < EXPECTED_BELOW)


def _quantile_is_low(now: PumpState, level: float, below: float) -> bool:
    forecast = now.forecast
    if forecast is None or forecast.quantiles is None:
        return _rule_is_low(now)
    if _is_rising(now):  # Without basal the network goes on expecting a low: in what it learnt, pumps stop before lows.
        return False
    at = forecast.quantiles[min(QUANTILE_AHEAD_MINUTES // RECORD_MINUTES, len(forecast.quantiles)) - 1]
    return now.newest < BELOW or bool(np.interp(level, forecast.levels, at) < below)
