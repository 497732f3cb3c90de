"""What single fields of a site's documents say: numbers, times, durations, words, and who uploaded."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from math import isfinite
from typing import Any

import numpy as np

from bloodtwin_core.common.decimals import number_of

Document = Mapping[str, Any]

BAD = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)
"""What a document that makes no sense raises on the way."""
_DECIMAL_COMMA = re.compile(r"-?\d+,\d{1,3}")
_FIRST_NUMBER = re.compile(r"-?\d{1,6}(?:[.,]\d{1,6})?")
_MOST_UNITS = 1e6
_SECONDS_BELOW = 1e11
"""Smaller times are seconds since 1970, not milliseconds: as milliseconds they would lie before 1974."""
_MILLISECONDS_PER_MINUTE = 60_000


class NotUnderstood(ValueError):
    """A document that is understood well enough to know that it cannot be used; the message is what it is called."""


def number(stated: Any) -> float | None:
    """A finite number, also from text, with a decimal comma too; None where nothing stands. Raises ValueError."""
    if stated is None or stated == "":
        return None
    if isinstance(stated, bool):
        raise ValueError("a number is needed")
    if isinstance(stated, str) and _DECIMAL_COMMA.fullmatch(stated.strip()):
        stated = stated.replace(",", ".")
    value = number_of(stated) if isinstance(stated, str) else float(stated)
    if not isfinite(value):
        raise ValueError("a finite number is needed")
    return value


def amount(document: Document, field: str) -> float:
    """A number of 0 or more; 0 where nothing stands. Raises ValueError."""
    value = number(document.get(field)) or 0.0
    if value < 0:
        raise ValueError(f"{field} is below 0")
    return value


def units_in(document: Document) -> float:
    """U of insulin that a document speaks of, as far as that can be seen; for what is not understood."""
    for field in ("insulin", "enteredinsulin", "amount"):
        stated = document.get(field)
        if isinstance(stated, str) and (found := _FIRST_NUMBER.search(stated)):
            stated = float(found[0].replace(",", "."))
        if isinstance(stated, int | float) and not isinstance(stated, bool) and 0 < stated < _MOST_UNITS:
            return float(stated)
    return 0.0


def minutes_of(document: Document) -> float:
    """How long something lasts, in minutes; 0 where nothing is said."""
    exact = number(document.get("durationInMilliseconds"))
    return exact / _MILLISECONDS_PER_MINUTE if exact else number(document.get("duration")) or 0.0


def time_of(document: Document, *fields: str) -> np.datetime64:
    """The first of the fields that tells a time in UTC: (milli)seconds since 1970, or ISO 8601 with a zone.

    Raises ValueError if none of them does.
    """
    for field in fields:
        stated = document.get(field)
        if stated is None or stated == "":
            continue
        try:
            return np.datetime64(_seconds(stated), "s")
        except (ValueError, TypeError, OverflowError):
            continue
    raise ValueError(f"a time with a zone is needed, in {fields[0]}")


def _seconds(stated: Any) -> int:
    if isinstance(stated, bool):
        raise ValueError("a time is needed")
    if isinstance(stated, int | float) or str(stated).isdecimal():
        value = float(stated)
        return int(value if abs(value) < _SECONDS_BELOW else value // 1000)
    time = datetime.fromisoformat(str(stated))
    if time.tzinfo is None:
        raise ValueError("a time needs a zone")
    return int((time.astimezone(UTC) - _EPOCH).total_seconds() // 1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_dated(document: Document, *fields: str) -> bool:
    """Whether any of the fields tells a time."""
    try:
        time_of(document, *fields)
    except BAD:
        return False
    return True


@lru_cache(maxsize=1024)
def squeezed(stated: str) -> str:
    """Words without spaces and case: Temp Basal becomes tempbasal."""
    return "".join(stated.split()).casefold()


def words(document: Document, field: str) -> str:
    """What a field says, squeezed; empty where it is no text."""
    stated = document.get(field)
    return squeezed(stated) if isinstance(stated, str) else ""


def part(document: Document, field: str) -> Document:
    """A document within a document; empty where there is none."""
    inner = document.get(field)
    return inner if isinstance(inner, Mapping) else {}


def uploader_of(document: Document) -> str:
    """Who uploaded a document, as a short hash, since the field may hold the name of a person; empty if unknown."""
    for field in ("app", "enteredBy", "device"):
        stated = document.get(field)
        if isinstance(stated, str) and stated:
            return hashed(stated)
    return ""


@lru_cache(maxsize=4096)
def hashed(text: str) -> str:
    """Twelve letters that stand for a text."""
    return blake2b(text.encode(), digest_size=6).hexdigest()
