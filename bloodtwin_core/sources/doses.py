"""What a reader of single documents gathers on the way: readings, spans of basal, boluses, and what was left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite

import numpy as np

from bloodtwin_core.events.kinds import AmountEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.events.possible import POSSIBLE_BASAL, POSSIBLE_BOLUS, POSSIBLE_GLUCOSE, POSSIBLE_MINUTES
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.spans import BasalSpan, basal_of_spans
from bloodtwin_core.events.units import GlucoseUnit, in_mg_per_dl
from bloodtwin_core.events.wearers import joined
from bloodtwin_core.records import CARBOHYDRATES, UNKNOWN_ZONE, Limits, Timestamps
from bloodtwin_core.records.features import CARBOHYDRATE_LIMITS

_LONGEST_SPAN = 5 * 24 * 3600
"""s. Tidepool's longest basal; a site and reservoir are changed sooner."""


@dataclass
class Doses:
    """What one device or app told of insulin. boluses: second since 1970 UTC, U, minutes."""

    spans: list[BasalSpan] = field(default_factory=list)
    boluses: list[tuple[int, float, float]] = field(default_factory=list)

    def add_basal(self, span: BasalSpan) -> None:
        """Raises ValueError for a rate or a duration that cannot be."""
        _possible(span.rate, POSSIBLE_BASAL)
        if span.end is not None and not 0 <= span.end - span.start <= _LONGEST_SPAN:
            raise ValueError("a basal rate cannot last so long")
        self.spans.append(span)

    def add_bolus(self, second: int, dose: float, minutes: float = 0.0) -> None:
        """A dose of 0 U is none. Raises ValueError for a dose or a duration that cannot be."""
        _possible(dose, POSSIBLE_BOLUS)
        _possible(minutes, POSSIBLE_MINUTES)
        if dose > 0:
            self.boluses.append((second, dose, minutes))

    def events(self, pump_id: str) -> PumpEvents:
        """The doses as events, what overlaps counted."""
        spanned = basal_of_spans(self.spans)
        bolus = BolusEvents.of(_times([each[0] for each in self.boluses]), *_columns(self.boluses, 1, 2))
        covered = Repairs.of(RepairKind.overlapping_basal_units, spanned.covered_units)
        return PumpEvents(pump_id, basal=spanned.basal, bolus=bolus, repairs=covered)


@dataclass
class Gathered:
    """What was read of one wearer so far. Readings: second, mg/dL, sensor; announced carbohydrates: second, g."""

    readings: list[tuple[int, float, str]] = field(default_factory=list)
    doses: dict[str, Doses] = field(default_factory=dict)
    carbohydrates: list[tuple[int, float]] = field(default_factory=list)
    left_out: dict[tuple[RepairKind, str], float] = field(default_factory=dict)

    def of(self, device: str) -> Doses:
        """What this device told; gathered into it."""
        return self.doses.setdefault(device, Doses())

    def add_reading(self, second: int, glucose: float, sensor: str) -> None:
        """A reading in mg/dL. Raises ValueError for one that cannot be."""
        _possible(glucose, POSSIBLE_GLUCOSE)
        self.readings.append((second, glucose, sensor))

    def add_carbohydrates(self, second: int, grams: float) -> None:
        """Raises ValueError for an amount that cannot be."""
        _possible(grams, CARBOHYDRATE_LIMITS)
        self.carbohydrates.append((second, grams))

    def leave_out(self, kind: RepairKind, amount: float, name: str = "") -> None:
        """Count what is not used, by the name of what it was."""
        self.left_out[kind, name] = self.left_out.get((kind, name), 0.0) + amount

    def not_understood(self, name: str, units: float) -> None:
        """Count one entry that makes no sense, and the insulin that it speaks of."""
        self.leave_out(RepairKind.unreadable_rows, 1, name)
        self.leave_out(RepairKind.unreadable_units, units if isfinite(units) else 0.0, name)

    def events(self, wearer: str, zone: str = UNKNOWN_ZONE) -> PumpEvents:
        """All of it. A device that tells basal is a pump, and of several pumps the newest is worn (see events/wearers).

        Doses of devices that tell none are added as they are. Raises UnitsError for readings that are not mg/dL.
        """
        told = {device: doses.events(device) for device, doses in self.doses.items()}
        pumps = [events for events in told.values() if len(events.basal)]
        others = [events for events in told.values() if not len(events.basal)]
        insulin = joined(wearer, pumps) if len(pumps) > 1 else PumpEvents(wearer).merged(*pumps)
        seconds = [each[0] for each in self.readings]
        glucose = in_mg_per_dl(np.array([each[1] for each in self.readings]), GlucoseUnit.mg_dl, source=wearer)
        readings = GlucoseEvents.of(_times(seconds), glucose, [each[2] for each in self.readings])
        repairs = sum((Repairs.of(kind, round(n, 6), name) for (kind, name), n in self.left_out.items()), Repairs())
        rest = PumpEvents(wearer, glucose=readings, repairs=repairs, extra=self._announced())
        return replace(insulin.merged(*others, rest), wearer_zone=zone)

    def _announced(self) -> Mapping[str, AmountEvents]:
        if not self.carbohydrates:
            return {}
        times = _times([each[0] for each in self.carbohydrates])
        return {CARBOHYDRATES: AmountEvents.of(times, *_columns(self.carbohydrates, 1))}


def _possible(value: float, limits: Limits) -> None:
    if not limits.low <= value <= limits.high:
        raise ValueError(f"{value:g} {limits.unit} cannot be")


def _times(seconds: list[int]) -> Timestamps:
    return np.array(seconds, dtype=np.int64).astype("datetime64[s]")


def _columns(rows: list[tuple[int, float]] | list[tuple[int, float, float]], *places: int) -> list[list[float]]:
    return [[row[place] for row in rows] for place in places]
