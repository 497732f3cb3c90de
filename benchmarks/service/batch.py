"""What the importers and the windowed forecaster make of events that are all there, in order."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from benchmarks.service.wearers import ZONE
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.grid import BIN_SECONDS
from bloodtwin_core.events.kinds import BasalEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.records import RECORD_INTERVAL, Timestamps
from bloodtwin_core.records.joining import records_up_to
from bloodtwin_core.service.store import EventKind, StoredEvent
from bloodtwin_core.serving import Forecaster

SAME = 1e-3
"""mg/dL, to which answers are rounded."""


def forecast_from(events: Iterable[StoredEvent], now: int, forecaster: Forecaster) -> npt.NDArray[np.float32]:
    """The forecast (mg/dL, [horizon]) at a moment. Raises DataError where there is none.

    The last record is that of the newest reading, or of five minutes that are over: what a pump tells in the minutes
    after a reading waits for the next one.
    """
    known = [event for event in events if event.second <= now]
    known.sort(key=lambda event: event.second)
    glucose, basal, bolus = ([one for one in known if one.kind is kind] for kind in _KINDS)
    told = PumpEvents(
        "batch",
        GlucoseEvents.of(_times(glucose), _values(glucose), "s"),
        BasalEvents.of(_times(basal), _values(basal)),
        BolusEvents.of(_times(bolus), _values(bolus)),
        wearer_zone=ZONE,
    )
    records, _ = records_from_events(told, forecaster.facts.max_gap_hours, np.datetime64(now, "s"))
    last = max(-(-glucose[-1].second // BIN_SECONDS), now // BIN_SECONDS) if glucose else now // BIN_SECONDS
    until = np.datetime64(last * BIN_SECONDS, "s")
    count = int((until - records.timestamps[0]) // RECORD_INTERVAL) + 1
    return forecaster.forecast(records_up_to([records], until, count)).glucose


_KINDS = (EventKind.glucose, EventKind.basal, EventKind.bolus)


def _times(events: list[StoredEvent]) -> Timestamps:
    return np.array([event.second for event in events], dtype=np.int64).astype("datetime64[s]")


def _values(events: list[StoredEvent]) -> list[float]:
    return [float("nan") if event.value is None else event.value for event in events]
