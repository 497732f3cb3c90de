"""Page after page of a site's documents, none lost and none twice.

Version 3 sorts by the field asked for and then by identifier (lib/api3/generic/search/input.js); version 1 lists the
newest first and knows no second criterion (lib/server/treatments.js, list).
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from bloodtwin_core.sources.fetched import Window
from bloodtwin_core.sources.nightscout.values import Document

Asking = Callable[[str, str, int], list[Document]]
"""For a page: lowest and highest time, and how many documents at the beginning of that to leave out."""
_DAY = np.timedelta64(1, "D")


class Dated(Protocol):
    """A collection: the field that says when, and how that field is written."""

    @property
    def field(self) -> str: ...  # noqa: D102

    @property
    def written(self) -> Callable[[np.datetime64], str]: ...  # noqa: D102


def pages(asked: Asking, window: Window, dated: Dated, *, oldest_first: bool) -> Iterator[Document]:
    """All documents of some days, each once, in any order.

    The next page begins where one ended, inclusive, since several documents may bear the same time; where more of them
    do than fit on a page, those that are known are skipped. A page shorter than the one before is the last.
    """
    low, high = dated.written(first_moment(window)), dated.written(last_moment(window))
    seen: set[str] = set()
    skip = longest = 0
    while (page := asked(low, high, skip)) and len(page) >= longest:
        longest = len(page)
        new = [document for document in page if identity(document) not in seen]
        yield from new
        seen.update(identity(document) for document in new)
        end = _end_of([document.get(dated.field) for document in page], oldest_first=oldest_first)
        if end is None or (skip and not new):
            return
        if end == (low if oldest_first else high):
            skip += len(page)
        else:
            low, high, skip = (end, high, 0) if oldest_first else (low, end, 0)
    yield from (document for document in page if identity(document) not in seen)


def _end_of(times: list[Any], *, oldest_first: bool) -> str | None:
    known = [time for time in times if time is not None]
    return str((max if oldest_first else min)(known)) if known else None


def first_moment(window: Window) -> np.datetime64:
    """When a window begins."""
    moment: np.datetime64 = window.first.astype("datetime64[s]")
    return moment


def last_moment(window: Window) -> np.datetime64:
    """The last millisecond of a window."""
    moment: np.datetime64 = (window.last + _DAY).astype("datetime64[ms]") - np.timedelta64(1, "ms")
    return moment


def identity(document: Document) -> str:
    """What a document is known by, the same in both versions of the API where it has an identifier."""
    return str(document.get("identifier") or document.get("_id") or sorted(document.items()))
