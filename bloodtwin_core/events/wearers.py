"""Several pumps of one wearer, in succession or overlapping, as one history.

A wearer is given insulin by one pump at a time: the newest one, from its first to its last basal or bolus event. What
an older pump logs meanwhile (left running in a drawer, or exported twice) is left out and counted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bloodtwin_core.events.kinds import BasalEvents, PumpEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.stated_totals import StatedTotals
from bloodtwin_core.records import UNKNOWN_ZONE, Timestamps

_SECOND = np.timedelta64(1, "s")


@dataclass(frozen=True)
class _Worn:
    """When a pump gave insulin, both ends included."""

    first: np.datetime64
    last: np.datetime64
    events: PumpEvents


def by_wearer(pumps: Iterable[PumpEvents], wearers: Mapping[str, Sequence[str]]) -> Iterator[PumpEvents]:
    """Each pump as it is, but the pumps of one wearer (data.wearers) joined under the wearer's name, at the end."""
    worn: dict[str, list[PumpEvents]] = {name: [] for name in wearers}
    for pump in pumps:
        names = [name for name, pump_ids in wearers.items() if pump.pump_id in pump_ids]
        if not names:
            yield pump
        for name in names:
            worn[name].append(pump)
    yield from (joined(name, events) for name, events in worn.items() if events)


def joined(wearer: str, pumps: Sequence[PumpEvents]) -> PumpEvents:
    """One history of all pumps of a wearer; its pump id is the wearer's name."""
    spans = [_worn(pump) for pump in pumps]
    ordered = sorted((span for span in spans if span), key=lambda span: span.first)
    kept = [_while_newest(span, ordered[place + 1 :]) for place, span in enumerate(ordered)]
    without_insulin = [pump for pump, span in zip(pumps, spans, strict=True) if span is None]
    zones = {pump.wearer_zone for pump in pumps}
    # Pumps that disagree on where their wearer lives leave that unknown.
    zone = zones.pop() if len(zones) == 1 else UNKNOWN_ZONE
    shifted = any(pump.dates_are_shifted for pump in pumps)
    handovers = PumpEvents(wearer, basal=_handovers(ordered), wearer_zone=zone, dates_are_shifted=shifted)
    return handovers.merged(*without_insulin, *kept)


def _worn(pump: PumpEvents) -> _Worn | None:
    times = np.concatenate([pump.basal.times, pump.bolus.times])
    return _Worn(times.min(), times.max(), pump) if len(times) else None


def _while_newest(span: _Worn, newer: Sequence[_Worn]) -> PumpEvents:
    """The pump's events but for insulin, what was announced for it, and totals that hold some of it, while a newer one
    was worn."""
    events = span.events
    basal, bolus = _covered(events.basal.times, newer), _covered(events.bolus.times, newer)
    extra = {name: told.chosen(~_covered(told.times, newer)) for name, told in events.extra.items()}
    kept = replace(events, basal=events.basal.chosen(~basal), bolus=events.bolus.chosen(~bolus), extra=extra)
    repairs = Repairs.of(RepairKind.other_pump_events, len(events) - len(kept))
    repairs += Repairs.of(RepairKind.other_pump_bolus_units, round(float(events.bolus.dose[bolus].sum()), 3))
    return replace(
        kept,
        repairs=events.repairs + repairs,
        stated=events.stated.chosen(~_touched(events.stated, newer)),
        insulin_unknown=events.insulin_unknown[~_covered(events.insulin_unknown, newer)],
    )


def _touched(stated: StatedTotals, spans: Sequence[_Worn]) -> npt.NDArray[np.bool_]:
    """Whether each total adds up any time in which one of the spans' pumps was worn."""
    touched = np.zeros(len(stated), dtype=bool)
    for span in spans:
        touched |= (stated.starts <= span.last) & (stated.ends >= span.first)
    return touched


def _covered(times: Timestamps, spans: Sequence[_Worn]) -> npt.NDArray[np.bool_]:
    covered = np.zeros(len(times), dtype=bool)
    for span in spans:
        covered |= (times >= span.first) & (times <= span.last)
    return covered


def _handovers(ordered: Sequence[_Worn]) -> BasalEvents:
    """The rate in force on the pump that is worn from each handover on, unknown where it has not told one yet."""
    borders = sorted({moment for span in ordered for moment in (span.first, span.last + _SECOND)})
    times: list[np.datetime64] = []
    rates: list[float] = []
    current: _Worn | None = None
    for border in borders:
        worn = [span for span in ordered if span.first <= border <= span.last]
        if worn and worn[-1] is not current:
            current = worn[-1]
            if border not in current.events.basal.times:  # which would tell the rate itself
                times.append(border)
                rates.append(_rate_in_force(current.events.basal, border))
    return BasalEvents.of(times, rates)


def _rate_in_force(basal: BasalEvents, moment: np.datetime64) -> float:
    place = int(np.searchsorted(basal.times, moment, side="right")) - 1
    return float(basal.rate[place]) if place >= 0 else float("nan")
