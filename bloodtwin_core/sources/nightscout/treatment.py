"""A treatment of a site with what all of its readers need."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.values import Document, minutes_of, time_of, words
from bloodtwin_core.sources.row import Row

TIMES = ("created_at", "date", "mills", "timestamp", "srvCreated")
"""Where a treatment's time stands: version 1 of the API keeps created_at, version 3 date, from which a site makes
created_at unless that is switched off (cgm-remote-monitor lib/api3/generic/collection.js, issue #8151)."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """A document, its identity, its time (UTC), how long it lasts (minutes), and its event type without spaces."""

    document: Document
    identity: str
    time: np.datetime64
    minutes: float
    what: str

    @classmethod
    def of(cls, document: Document, identity: str) -> Self:
        """Raises ValueError for a time or duration that makes no sense."""
        time = time_of(document, *TIMES)
        return cls(document, identity, time, minutes_of(document), words(document, "eventType"))

    def row(self, kind: SiteKind, value: float = 0.0, minutes: float = 0.0, detail: str = "", part: str = "") -> Row:
        """A row of this treatment; part, which begins with +, tells several of one treatment apart."""
        return Row(self.identity + part, kind, self.time, value, minutes, detail)
