"""Moments as the parts of the service write them: seconds since 1970 UTC, times of records, and datetimes for JSON."""

from datetime import UTC, datetime

import numpy as np

from bloodtwin_core.events.grid import EPOCH


def time_of(second: int) -> np.datetime64:
    """A moment of records, from seconds since 1970 UTC."""
    return EPOCH + np.timedelta64(second, "s")


def second_of(time: np.datetime64) -> int:
    """Seconds since 1970 UTC."""
    return int((time - EPOCH) / np.timedelta64(1, "s"))


def moment_of(time: np.datetime64) -> datetime:
    """A moment (UTC) for JSON."""
    return moment_at(second_of(time))


def moment_at(second: float) -> datetime:
    """The same of seconds since 1970 UTC."""
    return datetime.fromtimestamp(second, UTC)


def stamp(moment: datetime) -> str:
    """ISO 8601 to the millisecond with Z, as Nightscout writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
