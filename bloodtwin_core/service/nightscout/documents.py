"""Documents as clients send them: of which collection, with which identity, and of when."""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.service.moments import second_of
from bloodtwin_core.sources.nightscout.entries import ENTRY_TIMES
from bloodtwin_core.sources.nightscout.values import BAD, Document, time_of

MOST_DOCUMENTS = 5_000
"""In one request."""
LARGEST_DOCUMENT = 65_536
"""Characters of JSON."""
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_OWN_ID_BYTES = 12
"""As many as MongoDB's ids have, which clients expect."""


class Collection(StrEnum):
    """The collections of a site."""

    entries = "entries"
    treatments = "treatments"
    profile = "profile"
    devicestatus = "devicestatus"
    activity = "activity"


TIMES: dict[Collection, tuple[str, ...]] = {
    Collection.entries: ENTRY_TIMES,
    Collection.treatments: ("created_at", "date", "mills", "timestamp", "srvCreated"),
    Collection.profile: ("startDate", "created_at", "mills"),
    Collection.devicestatus: ("created_at", "date", "mills"),
    Collection.activity: ("created_at", "timeStamp", "date"),
}
"""Where the time of a document stands."""
_IDENTITY: dict[Collection, tuple[str, ...]] = {
    Collection.entries: ("sysTime", "dateString", "date", "type", "device"),
    Collection.treatments: ("created_at", "timestamp", "eventType"),
    Collection.profile: ("startDate", "defaultProfile"),
    Collection.devicestatus: ("created_at", "device"),
    Collection.activity: ("created_at", "timeStamp", "type"),
}
"""What makes two documents the same that have no id: what a site compares, and the device."""
_STATED_IDENTITY = ("syncIdentifier", "uuid", "identifier")


@dataclass(frozen=True)
class Sent:
    """A document with its id, and its time in seconds since 1970 UTC."""

    id: str
    second: int
    document: dict[str, Any]


def sent_documents(collection: Collection, body: bytes) -> list[Sent]:
    """The documents of a request: one, or a list of them. Raises DataError for what is none."""
    told = _parsed(body)
    listed = told if isinstance(told, list) else [told]
    if len(listed) > MOST_DOCUMENTS:
        raise DataError(f"there are {len(listed)} documents", todo=f"Send at most {MOST_DOCUMENTS} at a time")
    return [_sent(collection, document, place) for place, document in enumerate(listed)]


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise DataError("the body is no JSON", todo="Send a document, or a list of documents") from None


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _sent(collection: Collection, document: Any, place: int) -> Sent:
    where = f"document {place + 1}"
    if not isinstance(document, dict):
        raise DataError(f"{where} is no document", todo="Send objects")
    if len(json.dumps(document)) > LARGEST_DOCUMENT:
        raise DataError(f"{where} is too large", todo=f"Send at most {LARGEST_DOCUMENT} characters")
    try:
        second = second_of(time_of(document, *TIMES[collection]))
        if not 0 <= second < np.iinfo(np.int32).max * 2:
            raise ValueError("out of range")
    except BAD:
        fields = " or ".join(TIMES[collection][:2])
        raise DataError(f"{where} has no time", todo=f"Say when it was, with a zone, in {fields}") from None
    name = _id(collection, document)
    return Sent(name, second, {**document, "_id": name})


def _id(collection: Collection, document: Document) -> str:
    """Its own id, or one made of what makes it the same document when it is sent again."""
    own = document.get("_id")
    if isinstance(own, str) and _ID.fullmatch(own):
        return own
    stated = next((document[field] for field in _STATED_IDENTITY if document.get(field)), None)
    parts = [stated] if stated is not None else [document.get(field) for field in _IDENTITY[collection]]
    text = json.dumps([collection, *parts], sort_keys=True, default=str)
    return blake2b(text.encode(), digest_size=_OWN_ID_BYTES).hexdigest()
