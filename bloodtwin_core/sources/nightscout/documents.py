"""From a site's documents, as many apps upload them, to rows.

Names and notes that people typed are left behind.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from math import inf, isfinite
from typing import Any

import numpy as np

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.sources.fetched import Row
from bloodtwin_core.sources.fetching import known_zone
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.profiles import Profile, Schedule, Switch

Document = Mapping[str, Any]

LOWEST_READING = 39.0
"""mg/dL, as sgv is on every site; Nightscout's own pages take lower numbers for error codes of the sensor."""
TEMP_BASAL = frozenset({"tempbasal", "tempbasalstart", "tempbasalend"})
SUSPENDED = frozenset({"suspendpump", "pumpsuspend", "basalsuspension", "suspend"})
RESUMED = frozenset({"resumepump", "pumpresume", "basalresume", "resume"})
PROFILE_SWITCH = "profileswitch"
COMBO_BOLUS = "combobolus"
UNREADABLE_GRAMS = "unreadable"
"""Stands for carbohydrates that are no number."""
_BAD = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


def entry_rows(documents: Iterable[Document]) -> list[Row]:
    """A row for each entry: readings of a sensor, or nothing of interest."""
    return [row for document in documents for row in _understood(document, "entries", _entry)]


def treatment_rows(documents: Iterable[Document], default_zone: str) -> list[Row]:
    """Rows for each treatment: bolus, carbohydrates, temporary basal rate, suspension, profile switch, or nothing."""

    def treatment(document: Document, identity: str) -> list[Row]:
        return _treatment(document, identity, default_zone)

    return [row for document in documents for row in _understood(document, "treatments", treatment)]


def profile_rows(documents: Iterable[Document], default_zone: str) -> list[Row]:
    """A row for each profile. Raises SettingsError if a profile names no zone and default_zone is empty."""

    def profile(document: Document, identity: str) -> list[Row]:
        return [_profile(document, identity, default_zone)]

    return [row for document in documents for row in _understood(document, "profile", profile)]


def _understood(document: Document, collection: str, read: Any) -> list[Row]:
    """The rows of a document; one unreadable row if it cannot be understood."""
    try:
        # Only identifier is the same in both versions of the API.
        identity = f"{collection}/{document.get('identifier') or document['_id']}"
    except _BAD:
        return [Row(f"{collection}/unreadable {document!r:.200}", SiteKind.unreadable, np.datetime64(0, "s"))]
    try:
        rows: list[Row] = read(document, identity)
        sane = all(isfinite(row.value) and isfinite(row.minutes) and row.minutes >= 0 for row in rows)
        return rows if sane else [Row(identity, SiteKind.unreadable, np.datetime64(0, "s"), 0.0)]
    except SettingsError:
        raise
    except _BAD:
        return [Row(identity, SiteKind.unreadable, np.datetime64(0, "s"), 0.0)]


def _entry(document: Document, identity: str) -> list[Row]:
    time = _time(document, "date", "dateString")
    is_reading = document.get("type", "sgv") == "sgv" and document.get("isValid") is not False and "sgv" in document
    if not is_reading or float(document["sgv"]) < LOWEST_READING:
        return [Row(identity, SiteKind.other, time, 0.0)]
    return [Row(identity, SiteKind.glucose, time, float(document["sgv"]), 0.0, str(document.get("device") or ""))]


def _treatment(document: Document, identity: str, default_zone: str) -> list[Row]:
    time = _time(document, "created_at", "date")
    what = "".join(str(document.get("eventType") or "").split()).casefold()
    minutes = _minutes(document)
    if document.get("isValid") is False:
        return [Row(identity, SiteKind.other, time, 0.0)]
    if what in TEMP_BASAL:
        return [_temp_basal(document, identity, time, minutes)]
    if what in SUSPENDED or what in RESUMED:
        return [Row(identity, SiteKind.suspended if what in SUSPENDED else SiteKind.resumed, time, 0.0, minutes)]
    if what == PROFILE_SWITCH:
        detail = _switch(document, default_zone).model_dump_json()
        return [Row(identity, SiteKind.profile_switch, time, 0.0, minutes, detail)]
    return _boluses(document, identity, time, minutes, what)


def _temp_basal(document: Document, identity: str, time: np.datetime64, minutes: float) -> Row:
    rate = next((document[name] for name in ("absolute", "rate") if document.get(name) is not None), None)
    if rate is not None and float(rate) >= 0:
        return Row(identity, SiteKind.temp_basal, time, float(rate), minutes)
    if minutes == 0:
        return Row(identity, SiteKind.temp_basal, time, 0.0, 0.0)
    return Row(identity, SiteKind.temp_per_cent, time, float(document["percent"]), minutes)


def _boluses(document: Document, identity: str, time: np.datetime64, minutes: float, what: str) -> list[Row]:
    """The part of a bolus that is given at once and the one that is spread, or a square one, which is only spread.

    The first row carries the carbohydrates announced with it; announced alone they have a row of their own kind.
    """
    dose = float(document.get("insulin") or 0.0)
    spread = _spread_dose(document, minutes) if what == COMBO_BOLUS else 0.0
    if dose < 0 or spread < 0:
        raise ValueError("a dose is below 0")
    square = minutes if document.get("type") == "square" else 0.0
    rows = [Row(identity, SiteKind.bolus, time, dose, square)] if dose else []
    rows += [Row(f"{identity}+", SiteKind.bolus, time, spread, minutes)] if spread else []
    announced = _announced(document)
    if not rows:
        return [Row(identity, SiteKind.carbohydrates if announced else SiteKind.other, time, 0.0, 0.0, announced)]
    return [replace(rows[0], detail=announced), *rows[1:]]


def _announced(document: Document) -> str:
    """g of carbohydrates as text, "" for none. What cannot be understood must not take the bolus with it."""
    try:
        grams = float(document.get("carbs") or 0.0)
    except _BAD:
        return UNREADABLE_GRAMS
    if not 0 <= grams < inf:
        return UNREADABLE_GRAMS
    return repr(grams) if grams else ""


def _spread_dose(document: Document, minutes: float) -> float:
    if document.get("relative") is not None:
        return float(document["relative"]) * minutes / 60
    return float(document.get("enteredinsulin") or 0.0) * float(document.get("splitExt") or 0.0) / 100


def _minutes(document: Document) -> float:
    if document.get("durationInMilliseconds") is not None:
        return float(document["durationInMilliseconds"]) / 60_000
    return float(document.get("duration") or 0.0)


def _switch(document: Document, default_zone: str) -> Switch:
    brought = document.get("profileJson")
    circadian = bool(document.get("CircadianPercentageProfile"))
    return Switch(
        name=str(document.get("profile") or ""),
        schedule=_schedule(json.loads(brought), default_zone) if brought else None,
        per_cent=float(document.get("percentage") or 100.0) if circadian else 100.0,
        hours=float(document.get("timeshift") or 0.0) if circadian else 0.0,
    )


def _profile(document: Document, identity: str, default_zone: str) -> Row:
    store = document.get("store") or {"Default": document}
    profile = Profile(
        default=str(document.get("defaultProfile") or "Default"),
        schedules={str(name): _schedule(content, default_zone) for name, content in store.items()},
    )
    is_dated = "startDate" in document or "created_at" in document
    begin = _time(document, "startDate", "created_at") if is_dated else np.datetime64(0, "s")
    return Row(identity, SiteKind.profile, begin, 0.0, 0.0, profile.model_dump_json())


def _schedule(content: Document, default_zone: str) -> Schedule:
    basal = content["basal"]
    listed = basal if isinstance(basal, list) else [{"timeAsSeconds": 0, "value": basal}]
    steps = sorted((_minute(step), float(step["value"])) for step in listed)
    if not steps or not all(isfinite(rate) and rate >= 0 for _, rate in steps):
        raise ValueError("a profile needs rates of 0 U/h or more")
    zone = str(content.get("timezone") or default_zone)
    return Schedule(
        zone=known_zone(zone, "data.nightscout.time_zone", "the zone of the profiles, one of which names none"),
        steps=tuple(steps),
    )


def _minute(step: Document) -> int:
    if step.get("timeAsSeconds") is not None:
        return int(float(step["timeAsSeconds"])) // 60
    hours, _, minutes = str(step["time"]).partition(":")
    return int(hours) * 60 + int(minutes or 0)


def _time(document: Document, *fields: str) -> np.datetime64:
    """The first of the fields that is there: milliseconds since 1970, or ISO 8601 with a zone."""
    there = [document[name] for name in fields if document.get(name) not in (None, "")]
    if not there:
        raise KeyError(fields[0])
    stated: Any = there[0]
    if isinstance(stated, int | float) or str(stated).isdecimal():
        return np.datetime64(int(float(stated)) // 1000, "s")
    time = datetime.fromisoformat(str(stated))
    if time.tzinfo is None:
        raise ValueError("a time needs a zone")
    return np.datetime64(time.astimezone(UTC).replace(tzinfo=None), "s")
