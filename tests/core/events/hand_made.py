"""Events that tests write down by hand, times as minutes since the start of a day."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import BasalEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.events.repairs import Repairs
from bloodtwin_core.records import Feature, PumpRecords, Timestamps

START = np.datetime64("2024-03-01T00:00:00", "s")
NOW = np.datetime64("2024-06-01T00:00:00", "s")


def at(minutes: npt.ArrayLike) -> Timestamps:
    """Times that many minutes after START."""
    seconds = np.rint(np.asarray(minutes, dtype=np.float64) * 60).astype("timedelta64[s]")
    times: Timestamps = START + seconds
    return times


def steady_glucose(minutes: float, phase: float = 0.0) -> GlucoseEvents:
    """A reading every five minutes that is never the same twice in a row."""
    when = np.arange(phase, minutes, 5.0)
    return GlucoseEvents.of(at(when), 100.0 + np.arange(len(when)) % 7)


def pump(
    glucose: GlucoseEvents | Sequence[tuple[float, float]],
    basal: Sequence[tuple[float, float]] = (),
    bolus: Sequence[tuple[float, float] | tuple[float, float, float]] = (),
) -> PumpEvents:
    """A pump from (minute, value) pairs; a bolus may have minutes of duration as its third number."""
    readings = glucose if isinstance(glucose, GlucoseEvents) else GlucoseEvents.of(*_columns(glucose, 2))
    extended = [(*event, 0.0)[:3] for event in bolus]
    return PumpEvents("a", readings, BasalEvents.of(*_columns(basal, 2)), BolusEvents.of(*_columns(extended, 3)))


def _columns(events: Sequence[Sequence[float]], count: int) -> list[npt.NDArray[np.generic]]:
    table = np.array(events, dtype=np.float64).reshape(-1, count)
    return [at(table[:, 0]), *table[:, 1:].T]


def records_of(events: PumpEvents, max_gap_hours: float = 15.0) -> tuple[PumpRecords, Repairs]:
    """The records, as of NOW."""
    return records_from_events(events, max_gap_hours, NOW)


def by_minute(records: PumpRecords, feature: Feature) -> dict[int, float]:
    """A feature by minutes since START, so that a test reads like a table."""
    minutes = ((records.timestamps - START) // np.timedelta64(60, "s")).tolist()
    return dict(zip(minutes, records.feature(feature).astype(np.float64).round(4).tolist(), strict=True))


def known_units(records: PumpRecords) -> float:
    """U of basal and bolus in the records."""
    basal = np.nansum(records.feature(Feature.basal_rate).astype(np.float64)) / 12
    return float(basal + np.nansum(records.feature(Feature.bolus_dose).astype(np.float64)))
