"""The pump's status (devicestatus): whether it is suspended, and how much insulin is in its reservoir and on board.

Loop writes pump.suspended, oref0, Trio and iAPS pump.status.suspended, AAPS pump.status.status (DeviceStatusMapper.kt,
NightscoutStatus.swift, NightscoutKit PumpStatus.swift). Insulin on board is loop.iob.iob of Loop, openaps.iob of oref0,
Trio, iAPS and AAPS, which tell that of boluses or of basal apart, and pump.iob.bolusiob of others (cgm-remote-monitor
lib/plugins/iob.js).
"""

from collections.abc import Mapping

import numpy as np

from bloodtwin_core.sources.nightscout.kinds import RESERVOIR, SiteKind
from bloodtwin_core.sources.nightscout.values import BAD, Document, number, part, time_of, words
from bloodtwin_core.sources.row import Row

_STATUS_TIMES = ("created_at", "date", "mills")


def status_rows(document: Document, identity: str) -> list[Row]:
    """The rows of a status. Raises what makes no sense."""
    time = time_of(document, *_STATUS_TIMES)
    rows = [_pump_row(part(document, "pump"), identity, time)]
    if (on_board := _on_board(document)) is not None:
        rows.append(Row(f"{identity}/{SiteKind.on_board}", SiteKind.on_board, time, on_board))
    return rows


def _pump_row(pump: Document, identity: str, time: np.datetime64) -> Row:
    if not pump:
        return Row(identity, SiteKind.other, time, 0.0)
    reservoir = number(pump.get("reservoir"))
    # With an override the app shows a word instead, such as 50+U.
    known = reservoir is not None and reservoir >= 0 and not pump.get("reservoir_display_override")
    return Row(identity, _kind(pump), time, reservoir if known and reservoir else 0.0, 0.0, RESERVOIR if known else "")


def _on_board(document: Document) -> float | None:
    """U of insulin on board; None where it is not told."""
    told = part(document, "openaps").get("iob")
    told = told[0] if isinstance(told, list) and told else told
    for iob in (told, part(part(document, "loop"), "iob"), part(part(document, "pump"), "iob")):
        if not isinstance(iob, Mapping):
            continue
        try:
            of_boluses, of_all, of_basal = (number(iob.get(name)) for name in ("bolusiob", "iob", "basaliob"))
        except BAD:
            continue  # What is no number tells nothing, and the rest of the status stands.
        if of_boluses is not None:
            return of_boluses
        if of_all is not None:
            return of_all - (of_basal or 0.0)
    return None


def _kind(pump: Document) -> SiteKind:
    status = part(pump, "status")
    for said in (status.get("suspended"), pump.get("suspended")):
        if isinstance(said, bool):
            return SiteKind.status_suspended if said else SiteKind.status_running
    word = words(status, "status")
    if word.startswith("suspend"):
        return SiteKind.status_suspended
    return SiteKind.status_running if word in ("normal", "running", "bolusing") else SiteKind.status
