"""Why there is no forecast, or why it is doubted: a word for programs and a sentence for people."""

from dataclasses import dataclass
from enum import StrEnum

from bloodtwin_core.common.errors import DataError


class Reason(StrEnum):
    """One reason. The word stays the same from version to version; the sentence may change."""

    no_reading = "no_reading"
    reading_old = "reading_old"
    history_short = "history_short"
    too_much_missing = "too_much_missing"
    wrong_unit = "wrong_unit"
    zone_unknown = "zone_unknown"
    clock_off = "clock_off"
    impossible_jump = "impossible_jump"
    out_of_range = "out_of_range"
    compression_low = "compression_low"
    sensor_warm_up = "sensor_warm_up"
    unchanged = "unchanged"
    unusable = "unusable"


@dataclass(frozen=True)
class Doubt:
    """A reason with its sentence. widening: by what the bands' distance from the median is multiplied, at least 1."""

    reason: Reason
    sentence: str
    widening: float = 1.0


class ForecastRefused(DataError):
    """No forecast may be made from these records; reason says why in a word."""

    def __init__(self, reason: Reason, what: str, *, todo: str) -> None:
        super().__init__(what, todo=todo)
        self.reason = reason


def doubt_of(refusal: DataError) -> Doubt:
    """A refusal as what it is to people."""
    reason = refusal.reason if isinstance(refusal, ForecastRefused) else Reason.unusable
    return Doubt(reason, str(refusal))
