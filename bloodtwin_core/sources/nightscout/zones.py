"""In which zone a profile's hours are meant, where two documents disagree."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from bloodtwin_core.records.clock import zone_of

_FIRST, _LAST = np.datetime64("1900-01-01", "s"), np.datetime64("2200-01-01", "s")
"""Before and after these times no clock is asked."""
_FIXED = re.compile(r"(?:gmt|utc)?([+-])(\d{1,2}):?(\d{2})?", re.IGNORECASE)


def fixed_offset_zone(name: str) -> str:
    """+HH:MM for names of iOS such as GMT-0500, which count east as plus; empty for all others.

    Etc/GMT+5, which Loop uploads, is a name of the IANA and counts the other way round.
    """
    offset = _FIXED.fullmatch(name.strip())
    return f"{offset[1]}{int(offset[2]):02d}:{offset[3] or '00'}" if offset else ""


def zone_meant(brought: str, site: str, time: np.datetime64, utc_offset: int | None, *, guessed: bool) -> str:
    """The zone of a profile that a switch brought at a time (UTC), when the site's own profile has another.

    AAPS guesses the zone that it writes from the offset of that moment (AndroidAPS #2564): Africa/Cairo for Warsaw in
    summer, where clocks are put forward at other times. So the site's zone is meant if its offset is the one that the
    document states (utc_offset, minutes), or, where it states none, the one that the guess was made from.
    """
    if not brought or not site or brought == site:
        return brought or site
    own, theirs = offset_minutes(site, time), offset_minutes(brought, time)
    if utc_offset is not None:
        if own == utc_offset:
            return site
        sign, minutes = ("-" if utc_offset < 0 else "+"), abs(utc_offset)
        return brought if theirs == utc_offset else f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    return site if guessed and own in (theirs, _standard_offset(brought, time)) else brought


def offset_minutes(zone: str, time: np.datetime64) -> int:
    """Minutes by which a zone's clocks are ahead of UTC at a time (UTC)."""
    moment: datetime = min(max(time, _FIRST), _LAST).astype("datetime64[s]").item().replace(tzinfo=UTC)
    offset = moment.astimezone(zone_of(zone)).utcoffset()
    return int(offset / timedelta(minutes=1)) if offset is not None else 0


@lru_cache(maxsize=256)
def _standard_offset_of(zone: str, year: int) -> int:
    if fixed_offset_zone(zone):
        return offset_minutes(zone, np.datetime64(f"{year}-01-01", "s"))
    moments = (datetime(year, month, 1, tzinfo=UTC).astimezone(ZoneInfo(zone)) for month in (1, 7))
    offsets = [moment.utcoffset() or timedelta(0) for moment in moments]
    return int(min(offsets) / timedelta(minutes=1))


def _standard_offset(zone: str, time: np.datetime64) -> int:
    within = min(max(time, _FIRST), _LAST)
    return _standard_offset_of(zone, int(within.astype("datetime64[Y]").astype(np.int64)) + 1970)
