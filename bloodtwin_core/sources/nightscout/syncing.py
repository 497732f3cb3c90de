"""One sync: what a site has now of the days asked for, and what it changed or deleted since the last one.

A document that was deleted is never listed again (lib/api3/storage/mongoCollection/utils.js, onlyValid; version 1
forgets it). So what is known of days that are asked for again, and is not listed any more, is left out; older days are
mended by the history of changes that version 3 keeps.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.sources.fetched import WINDOW_DAYS, Day, FetchedRows, Gone, Row, Window
from bloodtwin_core.sources.nightscout.documents import entry_rows, status_rows, treatment_rows
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.site import (
    ENTRIES,
    STATUSES,
    STATUSES_OF_LOOPS,
    TREATMENTS,
    Collection,
    NightscoutSite,
)
from bloodtwin_core.sources.nightscout.values import Document

logger = logging.getLogger(__name__)

READER = 3
"""Raised when rows are made of documents in another way: then everything is fetched again."""
_MARKS = ".marks.json"
_OFFSETS = np.timedelta64(14, "h")
"""created_at is compared as text, and the clock in an old document may be so far behind UTC."""
_TOO_MANY_GONE = 200
"""More documents than this, all of a window, were not deleted by hand: the site lost them."""
_HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Marks:
    """What is known of earlier syncs: how rows were made, up to when the site's changes are known (ms), and whether the
    pump's statuses have been asked for.
    """

    reader: int = 0
    changes: int = 0
    statuses: bool = False

    @classmethod
    def in_folder(cls, folder: Path) -> "Marks":
        """The marks of the last sync; those of none if nothing is there or it cannot be read."""
        try:
            return cls(**json.loads((folder / _MARKS).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return cls()

    def keep(self, folder: Path) -> None:
        """Write them down for the next sync."""
        if self != Marks.in_folder(folder):
            with atomic_write(folder / _MARKS) as temporary:
                temporary.write_text(json.dumps(vars(self)), encoding="utf-8")


class Answers:
    """What the site answers for one window after the other, as rows, and what is gone from it."""

    def __init__(self, site: NightscoutSite, begins: dict[Collection, Day], last: Day, default_zone: str) -> None:
        self._site, self._begins, self._default_zone = site, begins, default_zone
        self._recent = last - np.timedelta64(WINDOW_DAYS, "D")
        self.newest_change = 0
        self._undated: dict[Day, list[Row]] = defaultdict(list)
        for row in self._treatment_rows(site.undated(Window(begins[TREATMENTS], last))):
            self._undated[row.time.astype("datetime64[D]")].append(row)

    def of(self, window: Window) -> list[Row]:
        """The rows of a window; of each collection only from its first day on."""
        rows: list[Row] = []
        for collection, begin in self._begins.items():
            if begin > window.last:
                continue
            asked = STATUSES_OF_LOOPS if collection is STATUSES and window.last > self._recent else collection
            documents = self._site.documents(asked, Window(max(window.first, begin), window.last))
            if collection is ENTRIES:
                rows += entry_rows(documents)
            else:
                rows += status_rows(documents) if collection is STATUSES else self._treatment_rows(documents)
        days = [day for day in self._undated if window.first <= day <= window.last]
        return rows + [row for day in days for row in self._undated[day]]

    def gone(self, window: Window, rows: list[Row]) -> Gone:
        """Which of the known rows [row] of the window the site does not list any more."""
        listed = {row.id for row in rows}
        end = (window.last + np.timedelta64(1, "D")).astype("datetime64[s]")

        def missing(known: pd.DataFrame) -> "pd.Series[bool]":
            gone = pd.Series(False, index=known.index)
            for collection in (ENTRIES, TREATMENTS):
                begin = max(self._begins[collection], window.first).astype("datetime64[s]")
                margin = _OFFSETS if collection is TREATMENTS else np.timedelta64(0, "s")
                mine = known["id"].str.startswith(f"{collection.name}/") & (known["kind"] != SiteKind.unreadable)
                mine &= (known["time"] >= begin + margin) & (known["time"] < end)
                lost = mine & ~known["id"].isin(listed)
                if lost.sum() > _TOO_MANY_GONE and lost.sum() == mine.sum():
                    logger.warning("the site lists none of %d %s any more; they are kept", mine.sum(), collection.name)
                    continue
                gone |= lost
            return gone

        return missing

    def changed(self, since: int) -> list[Row]:
        """The rows of all treatments that were changed or deleted since a time of the site's clock (ms)."""
        return self._treatment_rows(self._site.changes(since))

    def _treatment_rows(self, documents: Iterable[Document]) -> list[Row]:
        return treatment_rows(map(self._noticed, documents), self._default_zone)

    def _noticed(self, document: Document) -> Document:
        modified = document.get("srvModified")
        if isinstance(modified, int | float) and not isinstance(modified, bool):
            self.newest_change = max(self.newest_change, int(modified))
        return document


def take_over(rows: FetchedRows, changed: list[Row], begin: Day) -> None:
    """Put changed treatments in the place of what was known of them; those of begin or later are listed anyway."""
    old = [row for row in changed if row.time < (begin + np.timedelta64(1, "D")).astype("datetime64[s]")]
    bases = {_base(row.id) for row in changed}
    if not old:
        return
    known = {_base(one) for table in rows.tables() for one in table["id"]}
    stale = {_base(row.id) for row in old}
    rows.forget(lambda table: table["id"].map(_base).isin(stale & bases))
    for row in old:
        if row.kind != SiteKind.unreadable and (row.kind != SiteKind.other or _base(row.id) in known):
            day = row.time.astype("datetime64[D]")
            rows.add(Window(day, day), [row])


def _base(row_id: str) -> str:
    """The document that a row is of."""
    return row_id.partition("+")[0]


def newest_change_known(marks: Marks, seen: int, now: int) -> int:
    """Up to when (ms) the site's changes are known; an hour less than that for clocks that differ."""
    return max(marks.changes, min(seen, now) - _HOUR_MS)
