"""Stored events to outlooks: of many wearers at once, with the model that is in use now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bloodtwin_core.service.clock import Now
from bloodtwin_core.service.model import ModelInUse
from bloodtwin_core.service.moments import second_of
from bloodtwin_core.service.present import present_of
from bloodtwin_core.service.store import Store, StoredForecast, Wearer
from bloodtwin_core.service.wearers_past import WearersPast
from bloodtwin_core.serving.outlook import Outlook, Present, outlooks

_KEPT_SECONDS = 60
"""An outlook is used again within the minute, if nothing new was heard."""


@dataclass(frozen=True)
class Made:
    """An outlook, and the sha256 of the model that it was made with. minute: since 1970 UTC."""

    outlook: Outlook
    model: str
    minute: int


@dataclass(frozen=True)
class _Kept:
    """What was said last, of a wearer who lived in that zone."""

    made: Made
    zone: str

    def is_of(self, wearer: Wearer, minute: int, model: str) -> bool:
        """Whether it would be said again."""
        return (self.made.minute, self.made.model, self.zone) == (minute, model, wearer.zone)


class Engine:
    """What it says follows from store, clock and model alone; it remembers the last outlooks, to say them again."""

    def __init__(self, store: Store, model: ModelInUse, now: Now) -> None:
        self.store, self.model, self.now = store, model, now
        self._last: dict[int, _Kept] = {}
        self._past = WearersPast(store)

    def changed(self, wearer: Wearer) -> None:
        """Something new is stored of the wearer."""
        self._last.pop(wearer.number, None)

    def outlooks(self, wearers: Sequence[Wearer]) -> list[Made]:
        """The outlook of each wearer now, in order."""
        model, now = self.model.now, int(self.now())
        minute = now // _KEPT_SECONDS
        # Where somebody lives may have become known since a wearer was looked up, as with the events just stored.
        current = [self.store.wearers.named(wearer.name) or wearer for wearer in wearers]
        known = {wearer.number: kept for wearer in wearers if (kept := self._last.get(wearer.number)) is not None}
        asked = [
            wearer
            for wearer in current
            if (kept := known.get(wearer.number)) is None or not kept.is_of(wearer, minute, model.sha256)
        ]
        told = outlooks(model.forecaster, [self.present(wearer, now) for wearer in asked])
        fresh = {
            wearer.number: _Kept(Made(outlook, model.sha256, minute), wearer.zone)
            for wearer, outlook in zip(asked, told, strict=True)
        }
        self._last |= fresh
        return [(fresh.get(wearer.number) or known[wearer.number]).made for wearer in wearers]

    def present(self, wearer: Wearer, now: int) -> Present:
        """The wearer at a moment (second), and what was seen of them before where the model reads it."""
        facts = self.model.now.forecaster.facts
        return replace(present_of(self.store, wearer, now, facts), past=self._past.up_to(wearer, now, facts))


def stored(made: Made) -> StoredForecast:
    """The outlook as it is kept, to be held against what comes."""
    outlook, forecast = made.outlook, made.outlook.forecast
    moment = second_of(outlook.moment)
    reasons = tuple(doubt.reason.value for doubt in (*outlook.refusals, *outlook.doubts))
    if forecast is None:
        return StoredForecast(moment - moment % 300 + 300, moment, made.model, reasons)
    return StoredForecast(
        second_of(forecast.origin),
        moment,
        made.model,
        reasons,
        forecast.levels,
        forecast.glucose,
        forecast.quantiles,
    )
