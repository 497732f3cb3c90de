"""Entries: what a sensor read, in mg/dL on every site, or a number that is none."""

from bloodtwin_core.events.kinds import LONGEST_NAME
from bloodtwin_core.events.units import MG_PER_DL_PER_MMOL_PER_L
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.values import BAD, Document, number, time_of, words
from bloodtwin_core.sources.row import Row

LOWEST_READING = 39.0
"""mg/dL. Sensors say 39 for low; Nightscout takes 13 and less for error codes (lib/plugins/errorcodes.js)."""
ENTRY_TIMES = ("date", "dateString", "sysTime")
MMOL_LOW, MMOL_HIGH = 1.0, 35.0
"""Readings in mmol/L, among numbers that are too low for mg/dL."""
_OTHER_TYPES = ("mbg", "cal", "rawbg", "etc")
"""Finger-stick readings and what a sensor writes beside its readings (lib/server/entries.js)."""
STATED_MMOL = "mmol/L "
"""Begins the detail of a reading whose entry says that it is in mmol/L."""


def entry_row(document: Document, identity: str) -> Row:
    """A reading, a number that is too low for one, or nothing of interest. Raises what makes no sense."""
    time = time_of(document, *ENTRY_TIMES)
    kind = words(document, "type")
    is_reading = "sgv" in document and document.get("isValid") is not False
    if is_reading and kind not in ("sgv", "", *_OTHER_TYPES):
        raise ValueError("an entry of no known type holds a reading")
    if not is_reading or kind in _OTHER_TYPES:
        return Row(identity, SiteKind.other, time, 0.0)
    reading = number(document["sgv"])
    if reading is None:
        raise ValueError("a reading is empty")
    device = str(document.get("device") or "")[:LONGEST_NAME]
    if reading >= LOWEST_READING:
        return Row(identity, SiteKind.glucose, time, reading, 0.0, device)
    stated = STATED_MMOL if words(document, "units").startswith("mmol") else ""
    return Row(identity, SiteKind.low_number, time, max(reading, 0.0), 0.0, f"{stated}{device}")


def glucose_told(document: Document) -> float | None:
    """The glucose (mg/dL) of an entry by itself; None where it tells none that is certain.

    Of a number too low for mg/dL what is certain is a reading in mmol/L: one that its entry calls so, or a fraction,
    since error codes are whole numbers. glucose.py, which sees all entries of a device, knows more.
    """
    try:
        row = entry_row(document, "")
    except BAD:
        return None
    if row.kind == SiteKind.glucose:
        return row.value
    in_mmol = row.detail.startswith(STATED_MMOL) or row.value != round(row.value)
    if row.kind == SiteKind.low_number and in_mmol and MMOL_LOW <= row.value <= MMOL_HIGH:
        return row.value * MG_PER_DL_PER_MMOL_PER_L
    return None
