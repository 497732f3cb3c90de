"""What a file of xDrip+ tells, whatever its form."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bloodtwin_core.events.repairs import Repairs


class Reading(NamedTuple):
    """time: seconds since 1970, UTC; glucose: mg/dL."""

    time: int
    glucose: float


@dataclass(frozen=True)
class FileContent:
    """readings; treatments as documents of Nightscout; unread: rows that no number could be made of; clock repairs."""

    readings: Sequence[Reading]
    treatments: Sequence[dict[str, object]]
    unread: int = 0
    repairs: Repairs = field(default_factory=Repairs)
