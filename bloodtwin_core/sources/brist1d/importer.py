"""BrisT1D: young adults with type 1 diabetes in Bristol and their Dexcom sensors, glucose only.

S. G. James, M. Armstrong, A. O'Kane, H. Emerson, Z. Abdallah, "BrisT1D-Open",
doi:10.5523/bris.33z5jc8fa6tob21ptrugzqog08, arXiv:2507.17757, CC BY 4.0. Read from the copy that the Glucose-ML project
harmonised: `PNN.csv` (timestamp,glucose_value_mg_dl), one row per reading.

What this importer makes of the files:
- They hold no insulin, so basal rate and bolus of every record are unknown, which is not none.
- Times are the wearer's wall time, and no zone is published. They are taken as if they were UTC: in the night in which
  British clocks went back, most files go on without a break, so that a conversion would put an hour into them that
  never passed.
- Where a clock did go back, for daylight saving or on a journey, the readings of two times stand under the same
  timestamps, sorted by them: nothing tells any more which is which, and none of them is kept (see interleaved).
- Whoever has a reading every 15 minutes only is left out.
"""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.csv_table import CsvTable, first_true, read_table
from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import GlucoseEvents, PumpEvents
from bloodtwin_core.events.plausible import POSSIBLE_GLUCOSE, outside
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.sensors import SLOWEST_RHYTHM, usual_interval
from bloodtwin_core.events.units import GlucoseUnit, UnitsError, in_mg_per_dl
from bloodtwin_core.records import RECORD_INTERVAL, Mask, Timestamps
from bloodtwin_core.sources.published import data_set_folder, wall_times, wanted_people

logger = logging.getLogger(__name__)

_TIME = "timestamp"
_GLUCOSE = "glucose_value_mg_dl"
_FILE = re.compile(r"(P\d+)\.csv")
_HALF_INTERVAL = RECORD_INTERVAL / 2
"""Readings of one five-minute sensor never come as close as this, nor three of them within three of these."""


def events(settings: DataSettings) -> Iterator[PumpEvents]:
    """The readings of each person with a reading every five minutes; data.pump_ids are the names of the files, "P02".

    Who is left out is logged. Raises SettingsError if data.root is not set, DataError if a file or person is not there
    or cannot be understood, or if a person named in data.pump_ids has a slower sensor.
    """
    files = _files(settings)
    usable = 0
    for person, path in files.items():
        of_person = person_events(person, path)
        reason = _why_not_usable(of_person.glucose)
        if reason and person in settings.pump_ids:
            raise DataError(f"person {person} {reason}", todo="Leave the person out (data.pump_ids)", file=path)
        if reason:
            logger.warning("BrisT1D: person %s %s and is left out", person, reason)
            continue
        usable += 1
        yield of_person
    if not usable:
        todo = "Point data.root to the whole data set"
        raise DataError("nobody has a reading every five minutes", todo=todo, file=next(iter(files.values())).parent)


def _why_not_usable(glucose: GlucoseEvents) -> str:
    """What a person lacks, as the rest of a sentence; "" if nothing."""
    interval = usual_interval(glucose.times)
    if interval is None:
        return "has no glucose readings"
    if interval > SLOWEST_RHYTHM:
        return f"has a reading every {interval / np.timedelta64(60, 's'):.0f} minutes only"
    return ""


def person_events(person: str, path: Path) -> PumpEvents:
    """One person's readings, interleaved ones left out and counted. Raises DataError as events does."""
    table = read_table(path, texts=[_TIME], numbers=[_GLUCOSE])
    times, glucose = wall_times(table, _TIME, "2023-06-01 00:01:00"), _glucose(table)
    order = np.argsort(times, kind="stable")
    times, glucose = times[order], glucose[order]
    measured = np.isfinite(glucose)
    repeated = np.zeros(len(times), dtype=np.bool_)
    repeated[1:] = (np.diff(times) == np.timedelta64(0, "s")) & (np.diff(glucose) == 0)
    times, glucose = times[measured & ~repeated], glucose[measured & ~repeated]
    unclear = interleaved(times)
    repairs = (
        Repairs.of(RepairKind.repeated_events, int((measured & repeated).sum()))
        + Repairs.of(RepairKind.unreadable_rows, int((~measured).sum()))
        + Repairs.of(RepairKind.interleaved_readings, int(unclear.sum()))
    )
    return PumpEvents(person, glucose=GlucoseEvents.of(times[~unclear], glucose[~unclear]), repairs=repairs)


def interleaved(times: Timestamps) -> Mask:
    """Which readings [reading], sorted by time, may be of two times: they come too thick for one five-minute sensor.

    They stand nearer to another than half an interval, or both their neighbours stand within one and a half; a single
    sensor's neighbours are two intervals apart. At a change of sensors that costs a reading or two.
    """
    thick = np.zeros(len(times), dtype=np.bool_)
    near = np.flatnonzero(np.diff(times) < _HALF_INTERVAL)
    thick[near] = thick[near + 1] = True
    thick[1:-1] |= times[2:] - times[:-2] < 3 * _HALF_INTERVAL
    return thick


def _files(settings: DataSettings) -> dict[str, Path]:
    """Each wanted person's file, by name."""
    root = data_set_folder(settings, "BrisT1D", "P02.csv")
    files = {match[1]: path for path in root.iterdir() if (match := _FILE.fullmatch(path.name))}
    if not files:
        todo = "Point data.root to the BrisT1D folder, as harmonised by Glucose-ML"
        raise DataError("the folder holds no files such as P02.csv", todo=todo, file=root)
    return wanted_people(files, settings, root, lacking="no file")


def _glucose(table: CsvTable) -> npt.NDArray[np.float64]:
    glucose = table.numbers[_GLUCOSE]
    if (row := first_true(outside(glucose, POSSIBLE_GLUCOSE))) is not None:
        todo = "Correct the number, or leave the field empty if it was not measured"
        raise table.fault(row, _GLUCOSE, f"{glucose[row]:g} is not a glucose in mg/dL", todo)
    try:
        return in_mg_per_dl(glucose, GlucoseUnit.mg_dl)
    except UnitsError as error:
        raise UnitsError(error.what, todo="Give mg/dL", file=table.path, column=_GLUCOSE) from error
