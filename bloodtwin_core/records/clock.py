"""Whose time of day it is: timestamps stay UTC, and the time of day is the wearer's own where the zone is known.

A network learns habits of the day (breakfast, sleep), which follow the wearer's clock. Records therefore carry the zone
that the wearer lives in, and sine and cosine of the time of day are computed from it when windows are cut and when a
forecast is made.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.records.arrays import Timestamps, Values
from bloodtwin_core.records.cadence import time_of_day
from bloodtwin_core.records.features import Feature

UNKNOWN_ZONE = ""
"""Timestamps are UTC, and nobody knows where the wearer lives."""
WALL_TIME = "wall time"
"""Timestamps are not UTC but what the wearer's own clock showed; data sets that publish no zone come so."""
_OFFSET = re.compile(r"[+-]\d{2}:\d{2}")
_DAY = np.timedelta64(24 * 3600, "s")


class Clock(StrEnum):
    """Which time of day a network learnt from.

    local: the wearers' own, from their zones or from wall times. utc: UTC, of wearers whose zone nobody knew. mixed: of
    some wearers the one, of others the other.
    """

    local = "local"
    utc = "utc"
    mixed = "mixed"


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo:
    """The zone of an IANA name (Europe/Berlin) or of an offset from UTC (+01:00). Raises SettingsError for another."""
    try:
        return _fixed(name) if _OFFSET.fullmatch(name) else ZoneInfo(name)
    except (ZoneInfoNotFoundError, TypeError, ValueError, OSError) as error:
        raise SettingsError(
            f"'{str(name)[:200]}' is not a time zone. Name it as the IANA does, for example Europe/London, "
            "or give the offset from UTC, for example +01:00"
        ) from error


def _fixed(offset: str) -> timezone:
    hours, minutes = int(offset[1:3]), int(offset[4:])
    return timezone(timedelta(hours=hours, minutes=minutes) * (-1 if offset[0] == "-" else 1))


def is_named(zone: str) -> bool:
    """Whether records of this wearer_zone say where the wearer lives."""
    return zone not in (UNKNOWN_ZONE, WALL_TIME)


def times_shown(timestamps: Timestamps, zone: str) -> Timestamps:
    """What the wearer's clock shows at the timestamps, [record]; they stay as they are where no zone is known."""
    if not is_named(zone) or not len(timestamps):
        return timestamps
    shown: Timestamps = timestamps + _offsets(timestamps, zone_of(zone)).astype("timedelta64[s]")
    return shown


def _offsets(timestamps: Timestamps, zone: tzinfo) -> npt.NDArray[np.int64]:
    """Seconds by which the zone is ahead of UTC at each timestamp, [record]."""
    if len(timestamps) == 1:
        return np.array([_offset(timestamps[0], zone)])
    days, day = np.unique(timestamps.astype("datetime64[D]"), return_inverse=True)
    midnights = days.astype("datetime64[s]")
    before = np.array([_offset(midnight, zone) for midnight in midnights])
    after = np.array([_offset(midnight + _DAY, zone) for midnight in midnights])
    offsets = before[day]
    # No zone changes its offset twice in a day, so only days that end otherwise than they began hold a change.
    for place in np.flatnonzero((before != after)[day]):
        offsets[place] = _offset(timestamps[place], zone)
    return offsets


def _offset(moment: np.datetime64, zone: tzinfo) -> int:
    utc = moment.astype("datetime64[s]").item().replace(tzinfo=UTC)
    offset = utc.astimezone(zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


def local_datetimes(timestamps: Timestamps, zone: str) -> list[datetime]:
    """The timestamps [record] for people: local with offset, UTC where no zone is known, naive if wall time."""
    moments: list[datetime] = timestamps.astype("datetime64[s]").tolist()
    if zone == WALL_TIME:
        return moments
    where = zone_of(zone) if is_named(zone) else UTC
    return [moment.replace(tzinfo=UTC).astimezone(where) for moment in moments]


def with_time_of_day(values: Values, shown: Timestamps) -> Values:
    """A copy of values [record, feature] whose sine and cosine are those of the times that a clock shows [record]."""
    timed = values.copy()
    set_time_of_day(timed, shown)
    return timed


def set_time_of_day(values: Values, shown: Timestamps) -> None:
    """Write sine and cosine of the times that a clock shows [record] into values [record, feature]."""
    values[:, Feature.sin_time.column], values[:, Feature.cos_time.column] = time_of_day(shown)


def clock_learnt(zones: Iterable[str]) -> Clock:
    """The clock that a network learns from records of these wearer_zones; of no records it is UTC."""
    kinds = {Clock.utc if zone == UNKNOWN_ZONE else Clock.local for zone in zones}
    return Clock.mixed if len(kinds) > 1 else next(iter(kinds), Clock.utc)
