"""What the open page rings for: glucose that is beyond its limits, or the alarms of its forecast."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bloodtwin_core.display.view import ForecastView
from bloodtwin_core.display.words import Level, sayings
from bloodtwin_core.serving.alarms import AlarmRule, Side
from bloodtwin_core.serving.outlook import Outlook


@dataclass(frozen=True)
class Alert:
    """One thing to ring for. minutes: for which a rule that has spoken is silent; 0 for what is so already."""

    rule: str
    side: Side
    minutes: int
    words: str


def alerts_of(view: ForecastView, outlook: Outlook, rules: Sequence[AlarmRule]) -> list[Alert]:
    """By the rules, the gravest first, one for each side; nothing without a forecast, as of a reading that is old."""
    if outlook.forecast is None or not view.has_reading:
        return []
    told: dict[Side, Alert] = {}
    for alert in [*_now(view, rules), *_coming(view, outlook, rules)]:
        told.setdefault(alert.side, alert)
    return list(told.values())


def _now(view: ForecastView, rules: Sequence[AlarmRule]) -> Iterator[Alert]:
    glucose = view.last_reading[1]
    for rule in rules:
        if rule.beyond(glucose):
            words = f"{Level.of(glucose).capitalize()}: {view.unit.text(glucose)} {view.unit} now"
            yield Alert(rule.name, rule.side, 0, words)


def _coming(view: ForecastView, outlook: Outlook, rules: Sequence[AlarmRule]) -> Iterator[Alert]:
    words = {saying.limit: saying.words for saying in sayings(view) if saying.side is not None}
    for rule in rules:
        if _is_raised(rule, outlook) and not rule.beyond(view.last_reading[1]):
            # The page says nothing of what is less likely, or of another limit, but a rule may.
            perhaps = f"Perhaps {rule.side} {view.unit.text(rule.glucose)} within {rule.minutes} min"
            yield Alert(rule.name, rule.side, rule.minutes, words.get(rule.glucose, perhaps))


def _is_raised(rule: AlarmRule, outlook: Outlook) -> bool:
    """Whether the rule's quantile crosses, or without quantiles the forecast itself."""
    forecast = outlook.forecast
    if forecast is None:
        return False
    if forecast.quantiles is None:
        return bool(rule.beyond(forecast.glucose).any())
    return rule.crossing(forecast) is not None
