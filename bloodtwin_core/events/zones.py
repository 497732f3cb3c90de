"""Time zones by name; needs nothing but the standard library."""

import re
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bloodtwin_core.common.errors import SettingsError

_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})")


def zone_named(name: str) -> ZoneInfo:
    """The time zone of an IANA name such as Europe/London. Raises SettingsError if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        todo = "Name it as the IANA does, for example Europe/London or America/New_York"
        raise SettingsError(f"'{name}' is not a time zone. {todo}") from error


def zone_or_offset(name: str) -> tzinfo:
    """As zone_named, or the zone that is always so far from UTC, as +02:00: some apps know their wearer's no better."""
    if (found := _OFFSET.fullmatch(name)) is None:
        return zone_named(name)
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-offset if found[1] == "-" else offset)
