"""Who delivered a bolus and under which number of the pump, kept with its row to know it again."""

from dataclasses import dataclass
from typing import Any, Self

from bloodtwin_core.sources.nightscout.values import BAD, Document, hashed, number, part, uploader_of

_NONE = "-"
_PUMP, _ELSE = "pump", "else"
_OWN_IDS = ("syncIdentifier", "id", "uuid", "NSCLIENT_ID")
"""What apps themselves number their deliveries by: Loop; Trio and iAPS; xDrip+; AAPS 2."""
_OBJECT_ID = 24
"""Hexadecimal digits of an _id of the site's data base, which begins with the time of its making (s since 1970)."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """uploader and record are hashes, empty if unknown; by_pump: a pump surely delivered it; modified: s since 1970."""

    uploader: str
    by_pump: bool
    record: str
    modified: int

    @classmethod
    def of(cls, document: Document) -> Self:
        """Who delivered the insulin of a treatment."""
        record = _pump_record(document)
        automatic = document.get("automatic") is True or document.get("isSMB") is True or _is_smb(document)
        own = record or next((f"{name} {_id}" for name in _OWN_IDS if (_id := _stated(document.get(name)))), "")
        return cls(uploader_of(document), bool(record) or automatic, hashed(own) if own else "", _modified(document))

    def text(self) -> str:
        """Four words, for a row's detail."""
        by = _PUMP if self.by_pump else _ELSE
        return f"{self.uploader or _NONE} {by} {self.record or _NONE} {self.modified}"


COLUMNS = ("uploader", "by", "record", "modified")
"""The words of Delivery.text, in order."""
BY_PUMP, UNKNOWN = _PUMP, _NONE


def _pump_record(document: Document) -> str:
    """The pump's own number of a delivery: AAPS, tconnectsync; oref0 and openaps in the nested documents."""
    if pump_id := _stated(document.get("pumpId")):
        return f"pumpId {document.get('pumpSerial')} {pump_id}"
    if event := _stated(document.get("pump_event_id")):
        return f"event {event}"
    for field in ("bolus", "square"):
        if inner := _stated(part(document, field).get("id")):
            return f"record {inner}"
    return ""


def _stated(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value else ""


def _is_smb(document: Document) -> bool:
    return "SMB" in (document.get("type"), document.get("eventType"))


def _modified(document: Document) -> int:
    """When a document was last written, as far as it tells; 0 if it does not."""
    try:
        modified = number(document.get("srvModified"))
    except BAD:
        modified = None
    if modified:
        return int(modified // 1000)
    made = document.get("_id")
    try:
        return int(made[:8], 16) if isinstance(made, str) and len(made) == _OBJECT_ID else 0
    except ValueError:
        return 0
