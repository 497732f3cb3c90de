"""Times as the reader's clock shows them."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import numpy as np

from bloodtwin_core.records import Timestamps

_QUARTER = np.timedelta64(15 * 60, "s")
"""Every zone's offset is a whole number of these, so full hours of any zone are found among them."""


@dataclass(frozen=True)
class WearerClock:
    """zone None: the wearer's zone is not known, and times are shown as the records hold them.

    is_local: whether those are local times already, as in data sets that tell no zone; else they are UTC.
    is_twelve_hour: whether hours are told as 3 PM rather than 15:00.
    """

    zone: tzinfo | None = None
    is_local: bool = False
    is_twelve_hour: bool = False

    @property
    def name(self) -> str:
        """What the times are called."""
        if self.zone is not None:
            return str(self.zone)
        return "the wearer's local time" if self.is_local else "UTC"

    def at(self, time: np.datetime64) -> datetime:
        """A moment of the records as this clock shows it; without a zone where none is known."""
        moment: datetime = time.astype("datetime64[s]").item()
        if self.zone is not None:
            return moment.replace(tzinfo=UTC).astimezone(self.zone)
        return moment if self.is_local else moment.replace(tzinfo=UTC)

    def short(self, time: np.datetime64) -> str:
        """Hours and minutes."""
        at = self.at(time)
        if self.is_twelve_hour:
            return f"{(at.hour + 11) % 12 + 1}:{at:%M} {_half(at)}"
        return f"{at:%H:%M}"

    def hour(self, time: np.datetime64) -> str:
        """A full hour, as short as can be."""
        at = self.at(time)
        return f"{(at.hour + 11) % 12 + 1} {_half(at)}" if self.is_twelve_hour else f"{at:%H:%M}"

    def day(self, time: np.datetime64) -> str:
        """Weekday and date."""
        at = self.at(time)
        return f"{at:%A} {at.day} {at:%B}"

    def full(self, time: np.datetime64) -> str:
        """Date, time and offset, ISO 8601."""
        return self.at(time).isoformat(timespec="minutes").replace("T", " ")

    def stamp(self, time: np.datetime64) -> str:
        """For programs: ISO 8601 to the second, with the offset where it is known."""
        return self.at(time).isoformat()

    def full_hours(self, first: np.datetime64, last: np.datetime64, every: int = 1) -> Timestamps:
        """The moments from first to last at which this clock strikes an hour that can be divided by every."""
        begin = first.astype("datetime64[h]").astype("datetime64[s]")
        moments = np.arange(begin, last + _QUARTER, _QUARTER)
        shown = [(m, self.at(m)) for m in moments if first <= m <= last]
        struck = [moment for moment, at in shown if at.minute == 0 and at.hour % every == 0]
        return np.array(struck, dtype="datetime64[s]")


def _half(at: datetime) -> str:
    return "AM" if at.hour < 12 else "PM"
