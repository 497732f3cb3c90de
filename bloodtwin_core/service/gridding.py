"""From the stored events of a wearer to the records that an importer would have made of them, up to a moment."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.grid import BIN_SECONDS
from bloodtwin_core.events.kinds import AmountEvents, BasalEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.events.silence import LONGEST_SILENCE
from bloodtwin_core.records import (
    CARBOHYDRATES,
    RECORDS_PER_DAY,
    Feature,
    OriginRules,
    PumpRecords,
    Timestamps,
)
from bloodtwin_core.records.joining import records_up_to
from bloodtwin_core.service.moments import time_of
from bloodtwin_core.service.store import EventKind, Store, Wearer
from bloodtwin_core.service.store.events import TimedValue
from bloodtwin_core.serving.facts import ExportFacts
from bloodtwin_core.serving.lookback import reach_of as records_reach_of

_SPARE_SECONDS = 3 * 3600
"""A run of one repeated value is recognised by two hours of it."""
_INSULIN = (EventKind.basal, EventKind.bolus)
_KINDS = (EventKind.glucose, EventKind.basal, EventKind.bolus, EventKind.carbohydrates)
Told = Mapping[EventKind, Sequence[TimedValue]]


def reach_of(rules: OriginRules, lookback: int) -> int:
    """Seconds back from a moment of which anything can still count for a forecast.

    That is the lookback, the readings and basal rates that may be carried into it, and the silence through which the
    basal rate of before holds.
    """
    return records_reach_of(rules, lookback) * BIN_SECONDS + int(LONGEST_SILENCE.astype(np.int64)) + _SPARE_SECONDS


def past_reach_of(facts: ExportFacts) -> int:
    """Seconds back from a moment that a model which reads the wearer's past looks at itself.

    What lies before is told it as WearersPast; between them is at most a day, and what is carried into that.
    """
    return reach_of(facts, facts.lookback) + RECORDS_PER_DAY * BIN_SECONDS + 3600


def told_up_to(store: Store, wearer: Wearer, now: int, seconds: int) -> Told:
    """The events of the last seconds before a moment (second), by kind, in the order of time."""
    return {kind: store.events.between(wearer.number, kind, now - seconds, now) for kind in _KINDS}


def records_up_to_now(store: Store, wearer: Wearer, now: int, facts: ExportFacts) -> tuple[Told, PumpRecords]:
    """The events that a forecast at a moment can rest on, and the records that an importer makes of them.

    What lies before the lookback rarely counts, so that it is looked at only where it does. Raises DataError without
    any reading.
    """
    if facts.wearer_past:
        told = told_up_to(store, wearer, now, past_reach_of(facts))
        return told, records_of(wearer, told, now, facts)
    short = facts.lookback * BIN_SECONDS + _SPARE_SECONDS
    told = told_up_to(store, wearer, now, short)
    if told[EventKind.glucose]:
        records = records_of(wearer, told, now, facts)
        if _needs_nothing_older(records, told, facts.lookback) or not _is_older(
            store, wearer, now, short, records, facts
        ):
            return told, records
    told = told_up_to(store, wearer, now, reach_of(facts, facts.lookback))
    return told, records_of(wearer, told, now, facts)


def _needs_nothing_older(records: PumpRecords, told: Told, lookback: int) -> bool:
    """Whether everything that is carried into the lookback is known before it, and one sensor alone was heard."""
    start = len(records) - lookback
    if start < 0 or len({row[3] for row in told[EventKind.glucose]}) > 1:
        return False
    is_carried = bool(np.isfinite(records.feature(Feature.bg)[: start + 1]).any())
    insulin = (records.feature(Feature.basal_rate)[start], records.feature(Feature.bolus_dose)[start])
    return is_carried and bool(np.isfinite(insulin).all())


def _is_older(store: Store, wearer: Wearer, now: int, short: int, records: PumpRecords, facts: ExportFacts) -> bool:
    """Whether anything older can count: readings if none begin the lookback, and insulin."""
    start = len(records) - facts.lookback
    kinds = _INSULIN if start >= 0 and np.isfinite(records.feature(Feature.bg)[: start + 1]).any() else _KINDS
    first = now - reach_of(facts, facts.lookback)
    return any(store.events.is_any(wearer.number, kind, first, now - short - 1) for kind in kinds)


def records_of(wearer: Wearer, told: Told, now: int, facts: ExportFacts) -> PumpRecords:
    """Records on the five-minute grid, the last that of now or of the newest reading, whichever is later.

    What a pump tells in the minutes after a reading waits for the next one: those five minutes are not over, and a
    forecast from them would be one without the newest change of glucose. Where nothing was told records are there and
    hold nothing. Raises DataError without any reading.
    """
    records, _ = records_from_events(_events(wearer, told), facts.max_gap_hours, time_of(now), facts.features)
    first = min(kind[0][0] for kind in told.values() if kind)
    last = max(-(-told[EventKind.glucose][-1][0] // BIN_SECONDS), now // BIN_SECONDS)
    count = last + 1 - -(-first // BIN_SECONDS)
    return replace(records_up_to([records], time_of(last * BIN_SECONDS), count), wearer_zone=wearer.zone)


def _events(wearer: Wearer, told: Told) -> PumpEvents:
    glucose, basal, bolus = told[EventKind.glucose], told[EventKind.basal], told[EventKind.bolus]
    carbohydrates = told[EventKind.carbohydrates]
    return PumpEvents(
        wearer.name,
        GlucoseEvents.of(_times(glucose), _values(glucose), np.array([row[3] for row in glucose], dtype=np.str_)),
        BasalEvents.of(_times(basal), _values(basal)),
        BolusEvents.of(_times(bolus), _values(bolus), [row[2] for row in bolus]),
        extra={CARBOHYDRATES: AmountEvents.of(_times(carbohydrates), _values(carbohydrates))} if carbohydrates else {},
        wearer_zone=wearer.zone,
    )


def _times(rows: Sequence[TimedValue]) -> Timestamps:
    return np.array([row[0] for row in rows], dtype=np.int64).astype("datetime64[s]")


def _values(rows: Sequence[TimedValue]) -> list[float]:
    return [math.nan if row[1] is None else row[1] for row in rows]
