"""What has been seen of each wearer up to the days that a forecast looks at itself, for a model that reads their past.

It follows from the stored events of PAST_REACH_DAYS alone, so a service that starts again makes it anew. While it runs,
each day is added once, and all is made anew where events of days that went in came or changed since.
"""

from dataclasses import dataclass, replace

from bloodtwin_core.events.grid import BIN_SECONDS
from bloodtwin_core.records import RECORDS_PER_DAY
from bloodtwin_core.records.past import NOTHING_SEEN, PAST_REACH_DAYS, WearerPast
from bloodtwin_core.service.gridding import past_reach_of, records_of, told_up_to
from bloodtwin_core.service.store import EventKind, Store, Wearer
from bloodtwin_core.serving.facts import ExportFacts
from bloodtwin_core.serving.lookback import past_of_records

_HOUR, _DAY = 3600, RECORDS_PER_DAY * BIN_SECONDS
_KINDS = (EventKind.glucose, EventKind.basal, EventKind.bolus)


@dataclass(frozen=True)
class _Kept:
    """What was seen from one second to another. mark: of the stored events between, as looked at in that hour."""

    since: int
    border: int
    past: WearerPast = NOTHING_SEEN
    mark: tuple[int, int] = (0, 0)
    hour: int = 0


class WearersPast:
    """Remembers how far it has come with each wearer."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[int, _Kept] = {}

    def up_to(self, wearer: Wearer, now: int, facts: ExportFacts) -> WearerPast:
        """What was seen up to a midnight (UTC) before the lookback of a forecast at now (second)."""
        if not facts.wearer_past:
            return NOTHING_SEEN
        border, hour = border_of(now, facts), now // _HOUR
        kept = self._kept.get(wearer.number)
        if kept is None or not self._still_holds(kept, wearer, border, hour):
            kept = _Kept(border - PAST_REACH_DAYS * _DAY, border - PAST_REACH_DAYS * _DAY)
        if kept.border < border:
            past = self._added(wearer, kept, border, facts)
            kept = _Kept(kept.since, border, past, self._mark(wearer, kept.since, border))
        self._kept[wearer.number] = replace(kept, hour=hour)
        return kept.past

    def _still_holds(self, kept: _Kept, wearer: Wearer, border: int, hour: int) -> bool:
        """Looked at once an hour: events come every few minutes, and seldom for days that are over."""
        if not kept.border <= border <= kept.since + 2 * PAST_REACH_DAYS * _DAY:
            return False
        return kept.hour == hour or kept.mark == self._mark(wearer, kept.since, kept.border)

    def _mark(self, wearer: Wearer, since: int, border: int) -> tuple[int, int]:
        return self._store.events.mark(wearer.number, _KINDS, since, border)

    def _added(self, wearer: Wearer, kept: _Kept, border: int, facts: ExportFacts) -> WearerPast:
        told = told_up_to(self._store, wearer, border, border - kept.border + past_reach_of(facts))
        if not told[EventKind.glucose]:
            return kept.past
        return past_of_records(records_of(wearer, told, border, facts), facts, kept.past)[1]


def border_of(now: int, facts: ExportFacts) -> int:
    """The last midnight (UTC, second) at least an hour before the lookback of a forecast at now."""
    return (now - facts.lookback * BIN_SECONDS - _HOUR) // _DAY * _DAY
