"""Whether the clock of a wearer's phone or sensor is off: readings that come from the future, or late all alike."""

from collections.abc import Iterator
from itertools import pairwise

from bloodtwin_core.service.store import EventKind, Store, Wearer
from bloodtwin_core.serving.outlook import in_words
from bloodtwin_core.serving.reasons import Doubt, Reason

_ALIKE = 3
"""Readings in a row."""
_SPREAD_SECONDS = 120
_SEPARATE_SECONDS = 120
"""Readings that came in together were kept back somewhere, and say nothing of a clock."""


def clock_doubts(store: Store, wearer: Wearer, now: int, oldest_minutes: float) -> Iterator[Doubt]:
    """Why nothing can be said: readings lie ahead of now, or the last ones were all as old when they came."""
    recent = now - int(oldest_minutes * 60)
    refused = store.events.between(wearer.number, EventKind.clock_ahead, recent, now)
    newest = store.events.received(wearer.number, EventKind.glucose, now - 24 * 3600, now)[-_ALIKE:]
    if newest and newest[-1][0] >= recent:
        return
    if refused:
        minutes = in_words(refused[-1][1] or 0.0)
        what = f"Readings come in that lie {minutes} in the future, and are refused"
        yield Doubt(Reason.clock_off, f"{what}. Correct the clock or time zone of the phone, or of this machine")
    elif (lag := _steady_lag(newest, recent)) is not None:
        what = f"The last readings were all {in_words(lag / 60)} old when they came"
        yield Doubt(Reason.clock_off, f"{what}. Correct the clock or time zone of the phone, or of this machine")


def _steady_lag(received: list[tuple[int, int]], recent: int) -> int | None:
    """Seconds by which the last readings were late, if they came one by one and all so late."""
    if len(received) < _ALIKE or received[-1][1] < recent:
        return None
    lags = [came - second for second, came in received]
    apart = all(later[1] - earlier[1] >= _SEPARATE_SECONDS for earlier, later in pairwise(received))
    return lags[-1] if apart and max(lags) - min(lags) <= _SPREAD_SECONDS else None
