"""From the stored events of a wearer to the records that an importer would have made of them, up to a moment."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.grid import BIN_SECONDS, EPOCH
from bloodtwin_core.events.kinds import AmountEvents, BasalEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.events.silence import LONGEST_SILENCE
from bloodtwin_core.records import CARBOHYDRATES, CARRIED_BASAL_RECORDS, RECORDS_PER_HOUR, Timestamps
from bloodtwin_core.records.joining import records_up_to
from bloodtwin_core.service.store import EventKind, Store, Wearer
from bloodtwin_core.serving.facts import ExportFacts
from bloodtwin_core.serving.outlook import Present, Reading

_Row = tuple[int, float | None, float, str]
_SPARE_SECONDS = 3 * 3600
"""A run of one repeated value is recognised by two hours of it."""


def reach_of(facts: ExportFacts) -> int:
    """Seconds back from a moment of which anything can still count for a forecast.

    That is the lookback, the readings and basal rates that may be carried into it, and the silence through which the
    basal rate of before holds.
    """
    records = facts.lookback + CARRIED_BASAL_RECORDS + math.ceil(facts.max_gap_hours * RECORDS_PER_HOUR) + 1
    return records * BIN_SECONDS + int(LONGEST_SILENCE.astype(np.int64)) + _SPARE_SECONDS


def present_of(store: Store, wearer: Wearer, now: int, facts: ExportFacts) -> Present:
    """The wearer at a moment (second since 1970 UTC), from what is stored and not later than that."""
    first = now - reach_of(facts)
    rows = {kind: store.events(wearer.number, kind, first, now) for kind in EventKind}
    moment = _time(now)
    readings = rows[EventKind.glucose]
    if not readings:
        return Present(wearer.name, moment)
    records, _ = records_from_events(_events(wearer, rows), facts.max_gap_hours, moment, facts.features)
    newest = max(kind[-1][0] for kind in rows.values() if kind)
    end = max(-(-newest // BIN_SECONDS), now // BIN_SECONDS)
    begun = -(-min(kind[0][0] for kind in rows.values() if kind) // BIN_SECONDS)
    records = replace(
        records_up_to([records], _time(end * BIN_SECONDS), end - begun + 1), wearer_zone=records.wearer_zone
    )
    second, glucose, *_ = readings[-1]
    return Present(wearer.name, moment, records, Reading(_time(second), float(glucose or math.nan)))


def _events(wearer: Wearer, rows: dict[EventKind, list[_Row]]) -> PumpEvents:
    glucose, basal, bolus = rows[EventKind.glucose], rows[EventKind.basal], rows[EventKind.bolus]
    carbohydrates = rows[EventKind.carbohydrates]
    return PumpEvents(
        wearer.name,
        GlucoseEvents.of(_times(glucose), _values(glucose), np.array([row[3] for row in glucose], dtype=np.str_)),
        BasalEvents.of(_times(basal), _values(basal)),
        BolusEvents.of(_times(bolus), _values(bolus), [row[2] for row in bolus]),
        extra={CARBOHYDRATES: AmountEvents.of(_times(carbohydrates), _values(carbohydrates))} if carbohydrates else {},
        wearer_zone=wearer.zone,
    )


def _times(rows: Sequence[_Row]) -> Timestamps:
    return np.array([row[0] for row in rows], dtype=np.int64).astype("datetime64[s]")


def _values(rows: Sequence[_Row]) -> list[float]:
    return [math.nan if row[1] is None else row[1] for row in rows]


def _time(second: int) -> np.datetime64:
    return EPOCH + np.timedelta64(second, "s")
