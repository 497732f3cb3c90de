"""From a site's documents, as many apps upload them, to rows; where they were fetched from is not asked.

Names and notes that people typed are left behind.
"""

import re
from collections.abc import Callable, Iterable
from math import isfinite

import numpy as np

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.sources.nightscout import statuses
from bloodtwin_core.sources.nightscout.boluses import bolus_rows
from bloodtwin_core.sources.nightscout.carbohydrates import with_carbohydrates
from bloodtwin_core.sources.nightscout.entries import entry_row
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.suspensions import suspension_row
from bloodtwin_core.sources.nightscout.switches import is_switch, profile_row, switch_row
from bloodtwin_core.sources.nightscout.temp_basals import TEMP_BASAL, temp_basal_row
from bloodtwin_core.sources.nightscout.treatment import Treatment
from bloodtwin_core.sources.nightscout.values import BAD, Document, NotUnderstood, units_in
from bloodtwin_core.sources.row import Row

_NEVER = np.datetime64(0, "s")
_NOT_A_NAME = re.compile(r"[^\w <>-]")
_LONGEST_NAME = 40
Reader = Callable[[Document, str], list[Row]]


def entry_rows(documents: Iterable[Document]) -> list[Row]:
    """A row for each entry: readings of a sensor, or nothing of interest."""
    return [row for document in documents for row in _understood(document, "entries", _entry)]


def treatment_rows(documents: Iterable[Document], default_zone: str) -> list[Row]:
    """Rows for each treatment: bolus, carbohydrates, temporary basal rate, suspension, profile switch, or nothing."""

    def treatment(document: Document, identity: str) -> list[Row]:
        return _treatment(document, identity, default_zone)

    return [row for document in documents for row in _understood(document, "treatments", treatment)]


def status_rows(documents: Iterable[Document]) -> list[Row]:
    """A row for each status of the pump or of an uploader."""
    return [row for document in documents for row in _understood(document, "devicestatus", _status)]


def profile_rows(documents: Iterable[Document], default_zone: str) -> list[Row]:
    """A row for each profile. Raises SettingsError if a profile names no zone and default_zone is empty."""

    def profile(document: Document, identity: str) -> list[Row]:
        return [profile_row(document, identity, default_zone)]

    return [row for document in documents for row in _understood(document, "profile", profile)]


def _entry(document: Document, identity: str) -> list[Row]:
    return [entry_row(document, identity)]


def _status(document: Document, identity: str) -> list[Row]:
    return statuses.status_rows(document, identity)


def _treatment(document: Document, identity: str, default_zone: str) -> list[Row]:
    treatment = Treatment.of(document, identity)
    if document.get("isValid") is False:
        return [treatment.row(SiteKind.other)]
    if treatment.what in TEMP_BASAL:
        return [temp_basal_row(treatment)]
    if (suspension := suspension_row(treatment)) is not None:
        return [suspension]
    if is_switch(treatment):
        return [switch_row(treatment, default_zone)]
    return with_carbohydrates(bolus_rows(treatment), treatment)


def _understood(document: Document, collection: str, read: Reader) -> list[Row]:
    """The rows of a document; one unreadable row if it cannot be understood."""
    try:
        # Only identifier is the same in both versions of the API.
        identity = f"{collection}/{document.get('identifier') or document['_id']}"
    except BAD:
        return [Row(f"{collection}/unreadable {document!r:.200}", SiteKind.unreadable, _NEVER, 0.0)]
    try:
        rows = read(document, identity)
        sane = all(isfinite(row.value) and isfinite(row.minutes) and row.minutes >= 0 for row in rows)
        return rows if sane else [_not_understood(document, identity, collection)]
    except SettingsError:
        raise
    except NotUnderstood as what:
        return [_not_understood(document, identity, str(what))]
    except BAD:
        return [_not_understood(document, identity, collection)]


def _not_understood(document: Document, identity: str, name: str) -> Row:
    """Kept by the name of what it was, with the insulin that it speaks of."""
    what = document.get("eventType")
    if isinstance(what, str) and what and name == "treatments":
        name = _NOT_A_NAME.sub("", what)[:_LONGEST_NAME].strip() or name
    return Row(identity, SiteKind.unreadable, _NEVER, units_in(document), 0.0, name)
