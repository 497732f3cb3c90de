"""What befalls two virtual wearers in a year: a dead sensor, a week without data, a new pump, a poisoned week."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records import Feature, PumpRecords, records_from_signals
from bloodtwin_core.simulation.history import FIRST_RECORD, simulate_wearer

WEEK = np.timedelta64(7, "D")
POISON = 60.0
"""mg/dL by which the glucose of the poisoned week is shifted."""
Glucose = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Troubles:
    """In which week, of all that are simulated (from 0), each befalls; -1 is never. A new pump begins with its week."""

    dead_sensor: int = -1
    no_data: int = -1
    new_pump: int = -1
    poisoned: int = -1


def histories(troubles: Troubles, weeks: int, seed: int = 7) -> list[PumpRecords]:
    """The records of every pump of two wearers over so many weeks.

    Sensor and poison are the first wearer's, the new pump is the second's, the week without data is both's.
    """
    first, second = (simulate_wearer(seed, wearer, weeks * 7) for wearer in range(2))
    first = _with_glucose(first, troubles.dead_sensor, lambda glucose: np.full_like(glucose, np.nan))
    first = _with_glucose(first, troubles.poisoned, lambda glucose: glucose + np.float32(POISON))
    first, second = (_without_week(records, troubles.no_data) for records in (first, second))
    if troubles.new_pump < 0:
        return [first, second]
    changes = start_of(troubles.new_pump)
    before = int(np.searchsorted(second.timestamps, changes))
    new = replace(second.rows(before, len(second)), pump_id=f"{second.pump_id}b")
    return [first, second.rows(0, before), new]


def start_of(week: int) -> np.datetime64:
    """The Monday with which a week begins."""
    return FIRST_RECORD + week * WEEK


def until(records: PumpRecords, moment: np.datetime64) -> PumpRecords:
    """The records before a moment."""
    return records.rows(0, int(np.searchsorted(records.timestamps, moment)))


def _with_glucose(records: PumpRecords, week: int, change: Callable[[Glucose], Glucose]) -> PumpRecords:
    if week < 0:
        return records
    glucose = records.values[:, Feature.bg.column].copy()
    of_week = (records.timestamps >= start_of(week)) & (records.timestamps < start_of(week + 1))
    glucose[of_week] = change(glucose[of_week])
    basal, bolus = (records.values[:, feature.column] for feature in (Feature.basal_rate, Feature.bolus_dose))
    return records_from_signals(records.pump_id, records.timestamps, glucose, basal, bolus)


def _without_week(records: PumpRecords, week: int) -> PumpRecords:
    kept = (records.timestamps < start_of(week)) | (records.timestamps >= start_of(week + 1))
    kept |= week < 0
    return replace(records, timestamps=records.timestamps[kept], values=records.values[kept])
