"""What the importers and the windowed forecaster make of events that are all there, in order."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from benchmarks.service.wearers import ZONE
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import BasalEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.records import Timestamps
from bloodtwin_core.service.store import EventKind, StoredEvent
from bloodtwin_core.serving import Forecaster

SAME = 1e-3
"""mg/dL, to which answers are rounded."""


def forecast_from(events: Iterable[StoredEvent], now: int, forecaster: Forecaster) -> npt.NDArray[np.float32]:
    """The forecast (mg/dL, [horizon]) at a moment. Raises DataError where there is none."""
    known = [event for event in events if event.second <= now]
    glucose, basal, bolus = ([one for one in known if one.kind is kind] for kind in _KINDS)
    told = PumpEvents(
        "batch",
        GlucoseEvents.of(_times(glucose), _values(glucose), "s"),
        BasalEvents.of(_times(basal), _values(basal)),
        BolusEvents.of(_times(bolus), _values(bolus)),
        wearer_zone=ZONE,
    )
    records, _ = records_from_events(told, forecaster.facts.max_gap_hours, np.datetime64(now, "s"))
    return forecaster.forecast(records).glucose


_KINDS = (EventKind.glucose, EventKind.basal, EventKind.bolus)


def _times(events: list[StoredEvent]) -> Timestamps:
    return np.array([event.second for event in events], dtype=np.int64).astype("datetime64[s]")


def _values(events: list[StoredEvent]) -> list[float]:
    return [float("nan") if event.value is None else event.value for event in events]
