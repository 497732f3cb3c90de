"""From what tconnectsync decodes to rows: which pump events matter, and what each says.

Times are as the pump's own clock showed them; clock.py turns them into UTC once all changes of that clock are known.
"""

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

import numpy as np
from tconnectsync.eventparser import events as library
from tconnectsync.eventparser.raw_event import TANDEM_EPOCH
from tconnectsync.sync.tandemsource.process_cgm_reading import determine_glucose_value

from bloodtwin_core.sources.fetched import Row
from bloodtwin_core.sources.tandem.kinds import RESUMED, SUSPENDED, PumpKind

SENSORS: dict[type, str] = {
    library.LidCgmDataGxb: "Dexcom G6",
    library.LidCgmDataG7: "Dexcom G7",
    library.LidCgmDataFsl2: "Libre 2",
    library.LidCgmDataFsl3: "Libre 3",
}
"""The sensor of each event that holds a reading: every generation that the library decodes."""
ASKED = (
    *SENSORS,
    library.LidBasalDelivery,
    library.LidBasalRateChange,
    library.LidNewDay,
    library.LidDailyBasal,
    library.LidPumpingSuspended,
    library.LidPumpingResumed,
    library.LidBolusActivated,
    library.LidBolexActivated,
    library.LidBolusDelivery,
    library.LidBolusCompleted,
    library.LidBolexCompleted,
    library.LidTimeChanged,
    library.LidDateChanged,
)
DECODERS: dict[int, Any] = {event.ID: event for event in ASKED}
"""The library's decoder of each kind of event, by its code."""
EVENT_CODES = list(DECODERS)
"""The events to ask Tandem Source for."""
SECONDS_PER_DAY = 86_400
_MOST_UNITS = 1e3
MASK_BITS = 64
"""No mask that tconnectsync knows has more."""


def rows_of(pump_logs: Iterable[Mapping[str, Any]]) -> list[Row]:
    """The rows of events as Tandem Source answers them; one that cannot be understood becomes an unreadable row."""
    rows = (_row(event) for event in pump_logs)
    return [row for row in rows if row is not None]


def _row(event: Mapping[str, Any]) -> Row | None:
    try:
        identity = f"{int(event['sequenceGroup']):05d}-{int(event['sequenceNumber']):010d}"
    except (KeyError, TypeError, ValueError, OverflowError):
        return Row(f"unreadable-{event!r:.200}", PumpKind.unreadable, _pump_time(0))
    try:
        decoder = DECODERS.get(int(event["eventCode"]))
        if decoder:
            _refuse_far_bits(event["eventProperties"])
        decoded = decoder.build_from_json(event) if decoder else None
        said = _said(decoded)
        if said is None:
            return None
        kind, value, minutes, detail = said
        time = _reading_time(decoded) if kind is PumpKind.glucose else _logged_time(decoded)
        row = Row(identity, kind, time, float(value), float(minutes), str(detail))
    # arrow lets through the OSError of a date so far away that the system's calendar does not reach it.
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        return _unreadable(event, identity, _pump_time(0))
    sane = isfinite(row.value) and isfinite(row.minutes) and row.minutes >= 0
    if not sane or (row.value < 0 and row.kind != PumpKind.clock_changed):
        return _unreadable(event, identity, row.time)
    return row


def _unreadable(event: Mapping[str, Any], identity: str, time: np.datetime64) -> Row:
    """By the name of the event that it was, with the U that it says were delivered."""
    decoder = DECODERS.get(_whole(event.get("eventCode")))
    said = event.get("eventProperties")
    units = said.get("insulinDelivered") if isinstance(said, Mapping) else None
    known = isinstance(units, int | float) and not isinstance(units, bool) and 0 < units < _MOST_UNITS
    return Row(identity, PumpKind.unreadable, time, float(units or 0.0) if known else 0.0, 0.0, _name(decoder))


def _name(decoder: Any) -> str:
    """What an event is called, such as bolus completed."""
    return str(decoder.NAME).removeprefix("LID_").replace("_", " ").lower() if decoder else "an event without its code"


def _whole(stated: Any) -> int:
    try:
        return int(stated)
    except (TypeError, ValueError, OverflowError):
        return -1


def _refuse_far_bits(said: Mapping[str, Any]) -> None:
    # The library sets each listed bit of a mask, and would fill the memory for one that is far away.
    for value in said.values():
        if isinstance(value, list) and any(not 0 <= int(bit) < MASK_BITS for bit in value):
            raise ValueError("a bit of a mask is out of reach")


def _said(event: Any) -> tuple[PumpKind, float, float, object] | None:
    """Kind, value, minutes and detail of an event; None for one that says nothing about glucose or insulin."""
    match event:
        case library.LidCgmDataGxb() | library.LidCgmDataG7() | library.LidCgmDataFsl2() | library.LidCgmDataFsl3() if (
            _has_reading(event)
        ):
            return PumpKind.glucose, determine_glucose_value(event), 0, SENSORS[type(event)]
        case library.LidBasalDelivery():
            off = event.commandedRateSource is library.LidBasalDelivery.CommandedratesourceEnum.Suspended
            return PumpKind.delivery, event.commandedRate / 1000, 0, SUSPENDED if off else ""
        case library.LidBasalRateChange():
            return PumpKind.rate_change, event.commandedBasalRate, 0, _why_changed(event)
        case library.LidNewDay():
            return PumpKind.rate_change, event.commandedBasalRate, 0, ""
        case library.LidDailyBasal():
            return PumpKind.daily_basal, event.dailyTotalBasal, 0, ""
        case library.LidPumpingSuspended():
            return PumpKind.suspended, 0, 0, ""
        case library.LidPumpingResumed():
            return PumpKind.resumed, 0, 0, ""
        case library.LidBolusActivated():
            return PumpKind.bolus_started, event.bolusSize, 0, int(event.bolusId)
        case library.LidBolexActivated():
            return PumpKind.extended_started, event.bolexSize, 0, int(event.bolusId)
        case library.LidBolusDelivery():
            minutes = event.extendedDurationRequested or 0
            return PumpKind.bolus_delivery, event.deliveredTotal / 1000, minutes, int(event.bolusId)
        case library.LidBolusCompleted():
            return PumpKind.bolus_completed, event.insulinDelivered, 0, int(event.bolusId)
        case library.LidBolexCompleted():
            return PumpKind.extended_completed, event.insulinDelivered, 0, int(event.bolusId)
        case library.LidTimeChanged():
            return PumpKind.clock_changed, (event.timeAfter - event.timePrior) / 1000, 0, ""
        case library.LidDateChanged():
            return PumpKind.clock_changed, (event.dateAfter - event.datePrior) * SECONDS_PER_DAY, 0, ""
    return None


def _has_reading(event: Any) -> bool:
    """Whether the sensor showed a glucose: not while it warms up, and not what it was told not to show."""
    status = event.glucoseValueStatus
    return (
        status is not None
        and (status.name != "DoNotShow")
        and (status.value != 0 or event.currentGlucoseDisplayValue > 0)
    )


def _why_changed(event: Any) -> str:
    causes = event.changeType or 0
    bits = library.LidBasalRateChange.ChangetypeBitmask
    if causes & bits.PumpResumed:
        return RESUMED
    return SUSPENDED if causes & (bits.PumpSuspended | bits.PumpShutDown) else ""


def _reading_time(event: Any) -> np.datetime64:
    """When the sensor measured; a reading that reaches the pump later is logged later."""
    return _pump_time(event.egvTimeStamp) if event.egvTimeStamp else _logged_time(event)


def _logged_time(event: Any) -> np.datetime64:
    return _pump_time(event.raw.timestampRaw)


def _pump_time(seconds: int) -> np.datetime64:
    return np.datetime64(TANDEM_EPOCH + int(seconds), "s")
