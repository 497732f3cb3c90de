"""What was repaired on the way from a source's events to records, counted by kind."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from bloodtwin_core.records.split_header import SplitHeader

_NO_NAME = re.compile(r"[;=\[\]\n]")
"""What would not come back out of the header."""
HEADER_KEY = "repairs"
"""The comment key of a split file under which the repairs of the pump's whole history stand."""


class RepairKind(StrEnum):
    """One kind of repair; what is counted is said in MEANINGS."""

    repeated_events = "repeated_events"
    times_refused = "times_refused"
    ambiguous_local_times = "ambiguous_local_times"
    nonexistent_local_times = "nonexistent_local_times"
    clock_set_back = "clock_set_back"
    clock_shifted_events = "clock_shifted_events"
    rows_out_of_place = "rows_out_of_place"
    cut_off_rows = "cut_off_rows"
    unreadable_rows = "unreadable_rows"
    unreadable_units = "unreadable_units"
    readings_in_mmol = "readings_in_mmol"
    error_codes = "error_codes"
    repeated_deliveries = "repeated_deliveries"
    repeated_delivery_units = "repeated_delivery_units"
    overlapping_basal_units = "overlapping_basal_units"
    extended_bolus_units_stopped = "extended_bolus_units_stopped"
    extended_duration_unknown_units = "extended_duration_unknown_units"
    long_acting_units = "long_acting_units"
    priming_units = "priming_units"
    placeholder_readings = "placeholder_readings"
    second_sensor_readings = "second_sensor_readings"
    interleaved_readings = "interleaved_readings"
    earlier_readings_in_bin = "earlier_readings_in_bin"
    readings_carried_forward = "readings_carried_forward"
    readings_clipped = "readings_clipped"
    other_pump_events = "other_pump_events"
    other_pump_bolus_units = "other_pump_bolus_units"
    insulin_below_zero = "insulin_below_zero"
    insulin_unrecorded = "insulin_unrecorded"
    boluses_spread = "boluses_spread"
    basal_above_limit = "basal_above_limit"
    basal_partly_known = "basal_partly_known"
    insulin_outside_records = "insulin_outside_records"
    amounts_outside_records = "amounts_outside_records"


MEANINGS: dict[RepairKind, str] = {
    RepairKind.repeated_events: "exact repeats of an event, left out",
    RepairKind.times_refused: "events before 2020 or in the future, refused",
    RepairKind.ambiguous_local_times: "events in a local hour that occurs twice",
    RepairKind.nonexistent_local_times: "events in a local hour that does not exist",
    RepairKind.clock_set_back: "times that the device's clock was set back",
    RepairKind.clock_shifted_events: "events moved because the clock had been ahead",
    RepairKind.rows_out_of_place: "rows out of their place in a list, which no clock explains; they keep their times",
    RepairKind.cut_off_rows: "last lines without their end, which may lack digits, left out",
    RepairKind.unreadable_rows: "rows or events of the source that could not be understood, left out",
    RepairKind.unreadable_units: "U of insulin in those, as far as that can be seen",
    RepairKind.readings_in_mmol: "readings in mmol/L among those in mg/dL, converted",
    RepairKind.error_codes: "codes of errors among the readings of a sensor, left out",
    RepairKind.repeated_deliveries: "boluses that were uploaded twice for one delivery, counted once",
    RepairKind.repeated_delivery_units: "U of boluses that stood more than once, left out",
    RepairKind.overlapping_basal_units: "U of basal told for a time for which another rate was told, left out",
    RepairKind.extended_bolus_units_stopped: "U of extended boluses that were stopped, not delivered",
    RepairKind.extended_duration_unknown_units: "U of extended boluses whose duration the source does not say",
    RepairKind.long_acting_units: "U of long-acting insulin, which is no bolus, left out",
    RepairKind.priming_units: "U that filled a tube, cannula or needle, left out",
    RepairKind.placeholder_readings: "readings of long runs of one value, taken as missing",
    RepairKind.second_sensor_readings: "readings of a second sensor at the same time, left out",
    RepairKind.interleaved_readings: "readings of two times under the same timestamps, all left out",
    RepairKind.earlier_readings_in_bin: "readings followed by a later one in the same five minutes, left out",
    RepairKind.readings_carried_forward: "records that hold the reading before, at most 7.5 min old",
    RepairKind.readings_clipped: "records whose glucose was clipped and flagged",
    RepairKind.other_pump_events: "basal and bolus events of a pump that the wearer's next pump had replaced, left out",
    RepairKind.other_pump_bolus_units: "U of bolus among those",
    RepairKind.insulin_below_zero: "amounts of insulin below 0, taken as none",
    RepairKind.insulin_unrecorded: "times of five minutes that say 0 U, but for so long that nothing was recorded",
    RepairKind.boluses_spread: "records above the bolus limit, the rest of which was moved to the next records",
    RepairKind.basal_above_limit: "records above the basal limit, the rest of which was added to the bolus",
    RepairKind.basal_partly_known: "records whose basal rate was known for a part of the five minutes only",
    RepairKind.insulin_outside_records: "U of insulin where there are no records: no glucose for too long",
    RepairKind.amounts_outside_records: "g of carbohydrates (or another extra feature's unit) that no record holds",
}


@dataclass(frozen=True)
class Repairs:
    """How often each kind of repair was made: whole numbers, but U for the kinds that count insulin. Add with `+`.

    named: how much of that was repaired in what, by the name of what it was, where that is known.
    """

    counts: Mapping[RepairKind, float] = field(default_factory=dict)
    named: Mapping[tuple[RepairKind, str], float] = field(default_factory=dict)

    @classmethod
    def of(cls, kind: RepairKind, count: float, name: str = "") -> Self:
        """One kind alone; a count of 0 is no repair. name: of what was repaired, if that has one."""
        if not count:
            return cls()
        return cls({kind: float(count)}, {(kind, _NO_NAME.sub("", name)): float(count)} if name else {})

    def __add__(self, other: "Repairs") -> "Repairs":
        kinds = [kind for kind in RepairKind if kind in self.counts or kind in other.counts]
        names = sorted({*self.named, *other.named})
        return Repairs(
            {kind: self[kind] + other[kind] for kind in kinds},
            {name: self.named.get(name, 0.0) + other.named.get(name, 0.0) for name in names},
        )

    def __getitem__(self, kind: RepairKind) -> float:
        return self.counts.get(kind, 0.0)

    def __iter__(self) -> Iterator[tuple[RepairKind, float]]:
        return iter((kind, self.counts[kind]) for kind in RepairKind if self.counts.get(kind))

    def __bool__(self) -> bool:
        return any(True for _ in self)

    def text(self) -> str:
        """One line that from_text reads back: `kind=count; kind[name]=count`."""
        named = [f"{kind}[{name}]={_number(count)}" for (kind, name), count in self.named.items()]
        return "; ".join([*(f"{kind}={_number(count)}" for kind, count in self), *named])

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read text(); kinds that this version does not know are passed over."""
        counts: dict[RepairKind, float] = {}
        named: dict[tuple[RepairKind, str], float] = {}
        for pair in text.split(";"):
            what, _, count = pair.strip().partition("=")
            kind, _, name = what.removesuffix("]").partition("[")
            if kind not in RepairKind.__members__ or not count.replace(".", "", 1).isdecimal():
                continue
            if name:
                named[RepairKind(kind), name] = float(count)
            else:
                counts[RepairKind(kind)] = float(count)
        return cls(counts, named)

    def sentences(self) -> list[str]:
        """What was repaired, one phrase each: `exact repeats of an event, left out: 12`, with names in brackets."""
        return [f"{MEANINGS[kind]}: {_number(count)}{self.names_of(kind)}" for kind, count in self]

    def names_of(self, kind: RepairKind) -> str:
        """What was repaired in, with how much of it, in brackets; empty where nothing has a name."""
        named = [f"{name} {_number(count)}" for (of_kind, name), count in self.named.items() if of_kind is kind]
        return f" ({', '.join(named)})" if named else ""


def read_repairs(header: SplitHeader) -> Repairs:
    """The repairs of a pump's whole history, as the header of any of its split files states them."""
    return Repairs.from_text(header.extra.get(HEADER_KEY, ""))


def _number(count: float) -> str:
    return f"{count:.0f}" if count == round(count) else f"{count:.3f}"
