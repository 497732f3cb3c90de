"""What each type of Apple Health's records says."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bloodtwin_core.common.decimals import number_of
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.events.spans import BasalSpan
from bloodtwin_core.records.glucose_units import MG_PER_DL_PER_MMOL_PER_L
from bloodtwin_core.sources.doses import Gathered

_PREFIX = "HKQuantityTypeIdentifier"
_LOCAL_LETTERS = len("2024-01-09 22:32:54")
_BASAL, _BOLUS = "1", "2"
"""Of HKInsulinDeliveryReason."""
_SECONDS_PER_HOUR, _SECONDS_PER_MINUTE = 3600, 60


class Record:
    """One record: what its attributes and metadata say.

    Its properties raise KeyError for what is missing and ValueError for what is no value.
    """

    def __init__(self, element: Element) -> None:
        self._element = element
        self.type = element.get("type", "")

    @property
    def short_name(self) -> str:
        """The type without what all types begin with."""
        return self.type.removeprefix(_PREFIX)

    @property
    def value(self) -> float:
        """The number, in the record's unit."""
        return number_of(self._element.attrib["value"])

    @property
    def unit(self) -> str:
        """The unit: mg/dL, mmol<180.1558800000541>/L, IU, g."""
        return self._element.attrib["unit"]

    @property
    def is_of_diabetes(self) -> bool:
        """Whether its unit is one of glucose or insulin, whatever its type."""
        unit = self._element.get("unit", "")
        return unit in ("IU", "mg/dL") or (unit.startswith("mmol<180.") and unit.endswith("/L"))

    @property
    def app(self) -> str:
        """Who wrote the record."""
        return self._element.get("sourceName", "")

    @cached_property
    def start(self) -> int:
        """When it began, in seconds since 1970 UTC."""
        return _second(self._element.attrib["startDate"])

    @cached_property
    def end(self) -> int:
        """When it ended, likewise."""
        return _second(self._element.attrib["endDate"])

    @cached_property
    def metadata(self) -> Mapping[str, str]:
        """The values of its metadata by their keys."""
        return {entry.get("key", ""): entry.get("value", "") for entry in self._element.iter("MetadataEntry")}

    @property
    def zone(self) -> str:
        """The zone that the record names, else its offset from UTC."""
        try:
            return ZoneInfo(self.metadata["HKTimeZone"]).key
        except (KeyError, ZoneInfoNotFoundError, ValueError, OSError):
            offset = self._element.attrib["startDate"][_LOCAL_LETTERS + 1 :]
            return f"{offset[:3]}:{offset[-2:]}"


def _glucose(record: Record, gathered: Gathered) -> None:
    if record.metadata.get("HKWasUserEntered") == "1":
        return
    if record.unit == "mg/dL":
        gathered.add_reading(record.start, record.value, record.app)
    elif record.unit.startswith("mmol<") and record.unit.endswith("/L"):
        gathered.add_reading(record.start, record.value * MG_PER_DL_PER_MMOL_PER_L, record.app)
    else:
        raise ValueError("the unit of a reading is not known")


def _insulin(record: Record, gathered: Gathered) -> None:
    """Basal is an amount from start to end. One without any duration is an injection, of long-acting insulin."""
    reason, seconds = record.metadata["HKInsulinDeliveryReason"], record.end - record.start
    if record.unit != "IU" or seconds < 0 or record.value < 0:
        raise ValueError("insulin needs units and a time")
    if reason == _BOLUS:
        gathered.of(record.app).add_bolus(record.start, record.value, seconds / _SECONDS_PER_MINUTE)
    elif reason != _BASAL:
        raise ValueError("nothing tells whether insulin is basal or bolus")
    elif seconds == 0:
        gathered.leave_out(RepairKind.long_acting_units, record.value)
    else:
        rate = record.value / seconds * _SECONDS_PER_HOUR
        gathered.of(record.app).add_basal(BasalSpan(record.start, record.end, rate))


def _carbohydrates(record: Record, gathered: Gathered) -> None:
    if record.unit != "g":
        raise ValueError("carbohydrates need grams")
    gathered.add_carbohydrates(record.start, record.value)


READERS: Mapping[str, Callable[[Record, Gathered], None]] = MappingProxyType(
    {
        f"{_PREFIX}BloodGlucose": _glucose,
        f"{_PREFIX}InsulinDelivery": _insulin,
        f"{_PREFIX}DietaryCarbohydrates": _carbohydrates,
    }
)
"""The types that are read; all others are passed over."""


def units_in(record: Record) -> float:
    """U that a record speaks of, as far as that can be seen; for what is not understood."""
    try:
        if record.unit != "IU":
            return 0.0
        return max(record.value, 0.0) if record.value < float("inf") else 0.0
    except (KeyError, ValueError):
        return 0.0


def _second(stated: str) -> int:
    """Of a time with its offset, 2024-01-09 22:32:54 +0200. Much faster than strptime, which years of data feel."""
    time = datetime.fromisoformat(f"{stated[:_LOCAL_LETTERS]}{stated[_LOCAL_LETTERS + 1 :]}")
    if time.tzinfo is None or stated[_LOCAL_LETTERS] != " ":
        raise ValueError("a time needs its offset from UTC")
    return int(time.timestamp())
