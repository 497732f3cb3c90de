"""Entries: what a sensor read, in mg/dL on every site, or a number that is none."""

from bloodtwin_core.sources.fetched import Row
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.values import Document, number, time_of, words

LOWEST_READING = 39.0
"""mg/dL. Sensors say 39 for low; Nightscout takes 13 and less for error codes (lib/plugins/errorcodes.js)."""
ENTRY_TIMES = ("date", "dateString", "sysTime")
STATED_MMOL = "mmol/L "
"""Begins the detail of a reading whose entry says that it is in mmol/L."""


def entry_row(document: Document, identity: str) -> Row:
    """A reading, a number that is too low for one, or nothing of interest. Raises what makes no sense."""
    time = time_of(document, *ENTRY_TIMES)
    is_reading = words(document, "type") in ("sgv", "") and document.get("isValid") is not False and "sgv" in document
    if not is_reading:
        return Row(identity, SiteKind.other, time, 0.0)
    reading = number(document["sgv"])
    if reading is None:
        raise ValueError("a reading is empty")
    device = str(document.get("device") or "")
    if reading >= LOWEST_READING:
        return Row(identity, SiteKind.glucose, time, reading, 0.0, device)
    stated = STATED_MMOL if words(document, "units").startswith("mmol") else ""
    return Row(identity, SiteKind.low_number, time, max(reading, 0.0), 0.0, f"{stated}{device}")
