"""What the pump delivered, told from its log: basal rates and boluses, each unit once."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from bloodtwin_core.events.kinds import BasalEvents, BolusEvents
from bloodtwin_core.sources.tandem.kinds import RESUMED, SUSPENDED, PumpKind

LONGEST_BOLUS = np.timedelta64(24, "h")
"""An extended bolus takes at most eight hours; lines further apart with one number are two boluses."""
BOLUS_KINDS = (
    PumpKind.bolus_started,
    PumpKind.extended_started,
    PumpKind.bolus_delivery,
    PumpKind.bolus_completed,
    PumpKind.extended_completed,
)
SMALLEST_DOSE = 0.01
"""U; completed and delivered doses are rounded differently, and what is less apart is the same."""


@dataclass
class _Pump:
    """What the pump is doing while its log is read."""

    rate: float = float("nan")
    is_suspended: bool = False

    def after(self, kind: str, value: float, detail: str) -> float:
        """The rate delivered from this line on, U/h."""
        if kind == PumpKind.suspended:
            self.is_suspended = True
        elif kind == PumpKind.resumed:
            self.is_suspended = False
        elif kind == PumpKind.delivery:
            # Delivery proves that a suspension ended, even where the line that says so is lost.
            self.is_suspended = detail == SUSPENDED or (self.is_suspended and value == 0)
            self.rate = self.rate if self.is_suspended else value
        else:
            self.is_suspended = detail == SUSPENDED or (self.is_suspended and detail != RESUMED)
            self.rate = self.rate if self.is_suspended and value == 0 else value
        return 0.0 if self.is_suspended else self.rate


def basal_events(log: pd.DataFrame) -> BasalEvents:
    """Basal from delivery and rate-change lines; 0 from a suspension until the pump resumes, with the rate before it.

    log: rows in the order of writing, time in UTC.
    """
    pump = _Pump()
    kinds = (PumpKind.delivery, PumpKind.rate_change, PumpKind.suspended, PumpKind.resumed)
    lines = log[log["kind"].isin(kinds)]
    rates = [
        pump.after(kind, value, detail)
        for kind, value, detail in zip(lines["kind"], lines["value"], lines["detail"], strict=True)
    ]
    return BasalEvents.of(lines["time"].to_numpy(dtype="datetime64[s]"), rates)


def bolus_events(log: pd.DataFrame) -> BolusEvents:
    """Boluses as completed, or as delivered so far where the line of completion is not (yet) there.

    The part given at once begins when the pump began with it. The extended part is spread from its beginning to its
    completion, so that one that was stopped early ends there. log: as for basal_events.
    """
    parts = [part for bolus in _boluses(log) for part in bolus.parts() if part[1] >= SMALLEST_DOSE / 2]
    times, doses, minutes = zip(*parts, strict=True) if parts else ((), (), ())
    return BolusEvents.of(np.array(times, dtype="datetime64[s]"), doses, minutes)


Part = tuple[np.datetime64, float, float]
"""Beginning, dose U, minutes."""


@dataclass
class _Bolus:
    """All lines of one bolus: times and values by kind, in the order of writing."""

    first: np.datetime64
    last: np.datetime64
    asked_minutes: float = 0.0
    times: dict[str, np.datetime64] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)

    def add(self, kind: str, time: np.datetime64, value: float, minutes: float) -> None:
        self.last = max(self.last, time)
        self.first = min(self.first, time)
        self.asked_minutes = max(self.asked_minutes, minutes)
        if kind in (PumpKind.bolus_started, PumpKind.extended_started):
            self.times.setdefault(kind, time)
        else:
            self.times[kind] = max(time, self.times.get(kind, time))
        self.values[kind] = max(value, self.values.get(kind, 0.0))

    def parts(self) -> Iterator[Part]:
        """What was given at once and what over time."""
        begun = self.times.get(PumpKind.bolus_started, self.first)
        at_once = self.values.get(PumpKind.bolus_completed)
        if at_once is not None:
            yield begun, at_once, 0.0
        delivered = self.values.get(PumpKind.bolus_delivery, 0.0)
        over_time = self.values.get(PumpKind.extended_completed, delivered - (at_once or 0.0))
        is_extended = (
            self.asked_minutes > 0
            or PumpKind.extended_started in self.times
            or PumpKind.extended_completed in self.values
        )
        if is_extended:
            extended = self.times.get(PumpKind.extended_started, self.times.get(PumpKind.bolus_completed, begun))
            minutes = float((self._end() - extended) / np.timedelta64(60, "s"))
            yield extended, over_time, max(minutes, 0.0)
        elif at_once is None:
            yield begun, delivered, 0.0

    def _end(self) -> np.datetime64:
        return self.times.get(PumpKind.extended_completed, self.times.get(PumpKind.bolus_delivery, self.last))


def _boluses(log: pd.DataFrame) -> Iterator[_Bolus]:
    open_boluses: dict[str, _Bolus] = {}
    lines = log[log["kind"].isin(BOLUS_KINDS)]
    times = lines["time"].to_numpy(dtype="datetime64[s]")
    columns = (lines["detail"], lines["kind"], times, lines["value"], lines["minutes"])
    for number, kind, time, value, minutes in zip(*columns, strict=True):
        bolus = open_boluses.get(number)
        if bolus is None or time - bolus.first > LONGEST_BOLUS:
            if bolus is not None:
                yield bolus
            bolus = open_boluses[number] = _Bolus(time, time)
        bolus.add(kind, time, value, minutes)
    yield from open_boluses.values()
