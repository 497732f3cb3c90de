"""As of when to forecast: now, the last reading, or a moment of the history, as `--at` gives it."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.display.clock import WearerClock

LAST = "last"
_FURTHEST_ZONE = np.timedelta64(14 * 3600, "s")
"""No zone is further from UTC."""


@dataclass(frozen=True)
class Moment:
    """time None: the last reading of the history. is_local: time is on the wearer's clock, else UTC."""

    time: np.datetime64 | None
    is_local: bool = False

    @property
    def until(self) -> np.datetime64 | None:
        """The moment (UTC) after which nothing is needed, whatever the wearer's zone; None: the end of the history."""
        return self.time + _FURTHEST_ZONE if self.is_local and self.time is not None else self.time

    def in_utc(self, clock: WearerClock, last_reading: np.datetime64) -> np.datetime64:
        """The moment on the records' clock."""
        if self.time is None:
            return last_reading
        if not self.is_local or clock.zone is None:
            return self.time
        local = datetime.fromisoformat(str(self.time))
        return _plain(local.replace(tzinfo=clock.zone))


def moment_of(at: str, now: np.datetime64) -> Moment:
    """What `--at` means; empty is now (UTC). Raises SettingsError for what is no moment or lies in the future."""
    if not at:
        return Moment(now)
    if at.casefold() == LAST:
        return Moment(None)
    try:
        given = datetime.fromisoformat(at)
    except ValueError:
        raise SettingsError(f"--at {at:.60}: write a moment such as 2026-01-31T12:00, or {LAST}") from None
    moment = Moment(_plain(given), is_local=given.tzinfo is None)
    if moment.time is not None and moment.time - _FURTHEST_ZONE * moment.is_local > now:
        raise SettingsError(f"--at {at} lies in the future. Name a moment of the history, or leave --at out for now")
    return moment


def utc_now() -> np.datetime64:
    """This computer's clock, datetime64[s]."""
    return _plain(datetime.now(UTC))


def _plain(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment, "s")
