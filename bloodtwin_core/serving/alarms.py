"""Alarms from a forecast: a low or a high that is likely enough to speak of, said once.

An alarm is raised where the quantile of the rule's level crosses its threshold within its minutes, the newest reading
has not, and no such event is going on. It then stays silent until its minutes are over, or the event has come and is
over for 15 minutes, so that a forecast that wavers at the threshold speaks once. evaluation/clinical/alarm_counts.py
counts alarms by the same rules, and alarm_choice.py chooses levels on validation days.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.records import GLUCOSE_LIMITS, RECORD_MINUTES
from bloodtwin_core.serving.forecast import Forecast

EVENT_IS_OVER_MINUTES = 15.0
"""Without a reading beyond the threshold: Battelino et al., Lancet Diabetes & Endocrinology 11 (2023) 42."""


class Side(StrEnum):
    """On which side of a threshold there is danger."""

    below = "below"
    above = "above"


class AlarmRule(BaseModel):
    """When to speak of what is coming.

    glucose: threshold in mg/dL. minutes: how far it looks ahead. level: the quantile that must cross, from 0 to 1; for
    a low, an alarm is raised once at least so large a share of what may come lies below the threshold.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=40)
    side: Side
    glucose: float = Field(ge=GLUCOSE_LIMITS.low, le=GLUCOSE_LIMITS.high)
    minutes: int = Field(ge=RECORD_MINUTES, le=240, multiple_of=RECORD_MINUTES)
    level: float = Field(gt=0.0, lt=1.0)

    def beyond(self, glucose: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Where glucose (mg/dL) lies beyond the threshold; what is unknown (NaN) does not."""
        values = np.asarray(glucose)
        found: npt.NDArray[np.bool_] = values < self.glucose if self.side is Side.below else values > self.glucose
        return found

    def crossing(self, forecast: Forecast) -> int | None:
        """Minutes from the forecast's origin until the quantile of the level crosses, None if it does not in time.

        Raises SettingsError for a forecast without quantiles.
        """
        if forecast.quantiles is None:
            raise SettingsError(
                f"the alarm '{self.name}' needs quantiles, and the export gives none. Load model.onnx, which does"
            )
        steps = self.minutes // RECORD_MINUTES
        crossed = self.beyond(quantile_at(forecast.quantiles[:steps], forecast.levels, self.level))
        return RECORD_MINUTES * (1 + int(crossed.argmax())) if crossed.any() else None


@dataclass(frozen=True)
class AlarmState:
    """What is remembered of one wearer and rule between readings; times are UTC datetime64[s], None: never."""

    raised: np.datetime64 | None = None
    last_beyond: np.datetime64 | None = None
    snoozed_until: np.datetime64 | None = None

    def snoozed(self, until: np.datetime64) -> "AlarmState":
        """The state with nothing said until then."""
        return replace(self, snoozed_until=until)


@dataclass(frozen=True)
class Notice:
    """An alarm that is raised now: the rule, when, and minutes until the crossing that is forecast."""

    rule: AlarmRule
    moment: np.datetime64
    in_minutes: int


@dataclass(frozen=True)
class Watch:
    """The states of one wearer's rules, by the rule's name."""

    states: dict[str, AlarmState] = field(default_factory=dict)

    def state(self, rule: AlarmRule) -> AlarmState:
        """The state of a rule, which is new where nothing is remembered."""
        return self.states.get(rule.name, AlarmState())

    def after(self, rules: Sequence[AlarmRule], reading: float, forecast: Forecast) -> tuple["Watch", list[Notice]]:
        """What is remembered after a reading (mg/dL, NaN if there is none) at the origin, and what is said."""
        states, notices = dict(self.states), []
        for rule in rules:
            states[rule.name], notice = _judged(self.state(rule), rule, reading, forecast)
            notices += [] if notice is None else [notice]
        return Watch(states), notices


def quantile_at(quantiles: npt.NDArray[np.floating], levels: Sequence[float], level: float) -> npt.NDArray[np.floating]:
    """Quantiles [..., level] (mg/dL) at one level, on the line between its neighbours; the outermost beyond them."""
    place = float(np.interp(level, levels, np.arange(len(levels))))
    below = int(np.floor(place))
    above = min(below + 1, len(levels) - 1)
    share = place - below
    between: npt.NDArray[np.floating] = (1.0 - share) * quantiles[..., below] + share * quantiles[..., above]
    return between


def _judged(state: AlarmState, rule: AlarmRule, reading: float, forecast: Forecast) -> tuple[AlarmState, Notice | None]:
    now = forecast.origin
    if rule.beyond(reading):
        return replace(state, last_beyond=now, raised=None), None
    if _minutes(state.last_beyond, now) < EVENT_IS_OVER_MINUTES or _minutes(state.raised, now) < rule.minutes:
        return state, None
    if state.snoozed_until is not None and now < state.snoozed_until:
        return state, None
    minutes = rule.crossing(forecast)
    if minutes is None:
        return state, None
    return replace(state, raised=now), Notice(rule, now, minutes)


def _minutes(since: np.datetime64 | None, now: np.datetime64) -> float:
    """Minutes from a moment until now; infinite if there was none."""
    return float("inf") if since is None else float((now - since) / np.timedelta64(60, "s"))
