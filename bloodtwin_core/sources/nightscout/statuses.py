"""The pump's status (devicestatus): whether it is suspended, and how much insulin is in its reservoir.

Loop writes pump.suspended, oref0, Trio and iAPS pump.status.suspended, AAPS pump.status.status (DeviceStatusMapper.kt,
NightscoutStatus.swift, NightscoutKit PumpStatus.swift).
"""

from bloodtwin_core.sources.fetched import Row
from bloodtwin_core.sources.nightscout.kinds import RESERVOIR, SiteKind
from bloodtwin_core.sources.nightscout.values import Document, number, part, time_of, words

_STATUS_TIMES = ("created_at", "date", "mills")


def status_row(document: Document, identity: str) -> Row:
    """The row of a status. Raises what makes no sense."""
    time = time_of(document, *_STATUS_TIMES)
    pump = part(document, "pump")
    if not pump:
        return Row(identity, SiteKind.other, time, 0.0)
    reservoir = number(pump.get("reservoir"))
    known = reservoir is not None and reservoir >= 0
    return Row(identity, _kind(pump), time, reservoir if known and reservoir else 0.0, 0.0, RESERVOIR if known else "")


def _kind(pump: Document) -> SiteKind:
    status = part(pump, "status")
    for said in (status.get("suspended"), pump.get("suspended")):
        if isinstance(said, bool):
            return SiteKind.status_suspended if said else SiteKind.status_running
    word = words(status, "status")
    if word.startswith("suspend"):
        return SiteKind.status_suspended
    return SiteKind.status_running if word in ("normal", "running", "bolusing") else SiteKind.status
