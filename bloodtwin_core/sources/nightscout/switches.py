"""Switches to a profile, and the profiles that a site keeps.

- Care Portal: a name, and a duration.
- AAPS 2 (NSUpload.uploadProfileSwitch): profileJson as it is without percentage and shift, `percentage`, `timeshift` in
  hours, CircadianPercentageProfile.
- AAPS 3 (ProfileSwitchExtension.kt): likewise, without CircadianPercentageProfile; `timeshift` and `originalDuration`
  in milliseconds. 3.3 multiplies `duration` by 60,000 once too often (AndroidAPS #3917).
- AAPS 3 as a Note (EffectiveProfileSwitchExtension.kt): what the pump runs from then on, percentage and shift applied.
"""

import json
import re
from typing import Any

import numpy as np

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.sources.fetching import is_zone, known_zone
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.profiles import BasalSchedule, Profile, Switch
from bloodtwin_core.sources.nightscout.treatment import Treatment
from bloodtwin_core.sources.nightscout.values import BAD, Document, is_dated, number, part, squeezed, time_of
from bloodtwin_core.sources.nightscout.zones import fixed_offset_zone
from bloodtwin_core.sources.row import Row

_MILLISECONDS_PER_MINUTE = 60_000
_MILLISECONDS_PER_HOUR = 3_600_000
_LONGEST_SWITCH = 7 * 24 * 60
"""Minutes that AAPS allows a switch to last; a multiple of 60,000 above it was multiplied."""
_PER_CENT_IN_NAME = re.compile(r"\((\d{1,3})\s*%")
_PROFILE_TIMES = ("startDate", "created_at", "mills")
ZONE_SETTING = "data.nightscout.time_zone"


def is_switch(treatment: Treatment) -> bool:
    """Whether a treatment says which profile runs: a Profile Switch, or AAPS's Note of what the pump now runs."""
    effective = treatment.what == "note" and "originalPercentage" in treatment.document
    return treatment.what == "profileswitch" or (effective and bool(treatment.document.get("profileJson")))


def switch_row(treatment: Treatment, default_zone: str) -> Row:
    """The row of a switch; minutes are 0 for one for good. Raises what makes no sense, SettingsError for no zone."""
    detail = _switch(treatment, default_zone).model_dump_json()
    return treatment.row(SiteKind.profile_switch, 0.0, _lasting(treatment), detail)


def _lasting(treatment: Treatment) -> float:
    original, end = (number(treatment.document.get(name)) for name in ("originalDuration", "originalEnd"))
    if original and end:
        begin = int(treatment.time.astype("datetime64[ms]").astype(np.int64))
        return max(end - begin, _MILLISECONDS_PER_MINUTE) / _MILLISECONDS_PER_MINUTE
    if original:
        return original / _MILLISECONDS_PER_MINUTE
    minutes = treatment.minutes
    while minutes > _LONGEST_SWITCH and minutes % _MILLISECONDS_PER_MINUTE == 0:
        minutes /= _MILLISECONDS_PER_MINUTE
    return minutes


def _switch(treatment: Treatment, default_zone: str) -> Switch:
    document = treatment.document
    effective = treatment.what != "profileswitch"
    stated = document.get("profileJson")
    brought = json.loads(stated) if isinstance(stated, str) and stated else stated
    name = str(document.get("profile") or document.get("originalCustomizedName") or "")
    by = squeezed(f"{document.get('app') or ''} {document.get('enteredBy') or ''}")
    return Switch(
        name=str(document.get("originalProfileName") or name),
        schedule=schedule_of(brought, default_zone, needs_zone=False) if brought else None,
        per_cent=100.0 if effective else _per_cent(document, name),
        hours=0.0 if effective else _hours(document),
        utc_offset=_utc_offset(document),
        of_aaps="androidaps" in by or "aaps" in by,
    )


def _per_cent(document: Document, name: str) -> float:
    stated = number(document.get("percentage"))
    if stated is None:
        named = _PER_CENT_IN_NAME.search(name)
        return float(named[1]) if named else 100.0
    if stated <= 0:
        raise ValueError("a percentage is above 0")
    return stated


def _hours(document: Document) -> float:
    shift = number(document.get("timeshift")) or 0.0
    return shift if abs(shift) <= 24 else shift / _MILLISECONDS_PER_HOUR


def _utc_offset(document: Document) -> int | None:
    """Minutes by which the wearer's clock was ahead of UTC. Version 1 of the API makes 0 of a time that is in UTC."""
    stated = number(document.get("utcOffset"))
    is_said = stated is not None and abs(stated) <= 24 * 60 and (stated != 0 or "app" in document)
    return int(stated) if stated is not None and is_said else None


def profile_row(document: Document, identity: str, default_zone: str) -> Row:
    """The row of a profile document. Raises what makes no sense, SettingsError if it names no zone and none is set."""
    store = part(document, "store") or {"Default": document}
    default = str(document.get("defaultProfile") or "Default")
    schedules: dict[str, BasalSchedule] = {}
    for name, content in store.items():
        try:
            schedules[str(name)] = schedule_of(content, default_zone)
        except BAD:
            if str(name) == default or len(store) == 1:
                raise
    begin = time_of(document, *_PROFILE_TIMES) if is_dated(document, *_PROFILE_TIMES) else np.datetime64(0, "s")
    if default not in schedules and len(schedules) == 1:
        default = next(iter(schedules))
    profile = Profile(default=default, schedules=schedules)
    return Row(identity, SiteKind.profile, begin, 0.0, 0.0, profile.model_dump_json())


def schedule_of(content: Any, default_zone: str, *, needs_zone: bool = True) -> BasalSchedule:
    """The basal rates of a profile's content; without needs_zone the zone may stay empty."""
    basal = content["basal"]
    listed = basal if isinstance(basal, list) else [{"timeAsSeconds": 0, "value": basal}]
    steps = sorted((_minute(step), _rate(step)) for step in listed)
    if not steps:
        raise ValueError("a profile needs rates")
    zone = _zone(str(content.get("timezone") or ""), default_zone, needs_zone=needs_zone)
    return BasalSchedule(zone=zone, steps=tuple(steps))


def _zone(named: str, default_zone: str, *, needs_zone: bool) -> str:
    """The zone that a profile names; default_zone where it names none, or one that does not exist (CEST)."""
    if fixed := fixed_offset_zone(named):
        return fixed
    if named and is_zone(named):
        return known_zone(named, ZONE_SETTING, "the zone of the profiles")
    if named and needs_zone and not default_zone:
        raise SettingsError(
            f"a profile of the Nightscout site names the zone '{named[:40]}', which does not exist. Set {ZONE_SETTING} "
            "to the one that is meant, such as Europe/Berlin or America/New_York"
        )
    if default_zone or needs_zone:
        return known_zone(default_zone, ZONE_SETTING, "the zone of the profiles, one of which names none")
    return ""


def _rate(step: Document) -> float:
    rate = number(step["value"])
    if rate is None or rate < 0:
        raise ValueError("a profile needs rates of 0 U/h or more")
    return rate


def _minute(step: Document) -> int:
    seconds = number(step.get("timeAsSeconds"))
    if seconds is not None:
        return int(seconds) // 60
    hours, _, minutes = str(step["time"]).partition(":")
    return int(hours) * 60 + int(minutes.partition(":")[0] or 0)
