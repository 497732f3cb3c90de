"""BrisT1D: young adults with type 1 diabetes in Bristol, their Dexcom sensors and their pumps.

S. G. James, M. Armstrong, A. O'Kane, H. Emerson, Z. Abdallah, "BrisT1D-Open",
doi:10.5523/bris.33z5jc8fa6tob21ptrugzqog08, arXiv:2507.17757, CC BY 4.0. Read from the files `PNN.csv` as published
(timestamp,bg,insulin,carbs and columns of a watch, which are passed over) or as the Glucose-ML project harmonised them
(timestamp,glucose_value_mg_dl). The header tells which; a person has the same id in both.

What this importer makes of the files:
- As published, glucose is in mmol/L and insulin is one number for basal and bolus of each five minutes; insulin.py
  splits it. Where none is told, and in all of Glucose-ML's files, basal rate and bolus are unknown, which is not none.
- Times are the wearer's wall time, and no zone is published. They are taken as if they were UTC: in the night in which
  British clocks went back, most files go on without a break, so that a conversion would put an hour into them that
  never passed.
- Where a clock did go back, for daylight saving or on a journey, the readings of two times stand under the same
  timestamps, sorted by them: nothing tells any more which is which, and none of them is kept (see interleaved).
- Carbohydrates (carbs, g) are what the wearer announced; they are for data.extra_features.
- Whoever has a reading every 15 minutes only is left out.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import AmountEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.sensors import why_not_followed
from bloodtwin_core.records import CARBOHYDRATES, RECORD_INTERVAL, Mask, Timestamps
from bloodtwin_core.sources.brist1d.files import Rows, person_files, read_rows
from bloodtwin_core.sources.brist1d.insulin import insulin_events

logger = logging.getLogger(__name__)

_HALF_INTERVAL = RECORD_INTERVAL / 2
"""Readings of one five-minute sensor never come as close as this, nor three of them within three of these."""


def events(settings: DataSettings) -> Iterator[PumpEvents]:
    """The events of each person with a reading every five minutes; data.pump_ids are the names of the files, "P02".

    Who is left out is logged. Raises SettingsError if data.root is not set, DataError if a file or person is not there
    or cannot be understood, or if a person named in data.pump_ids has a slower sensor.
    """
    files = person_files(settings)
    usable = 0
    for person, path in files.items():
        of_person = person_events(person, path)
        reason = why_not_followed(of_person.glucose.times)
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


def person_events(person: str, path: Path) -> PumpEvents:
    """One person's events, interleaved readings left out and counted. Raises DataError as events does."""
    rows = read_rows(path)
    announced = rows.carbohydrates > 0
    extra = {CARBOHYDRATES: AmountEvents.of(rows.times[announced], rows.carbohydrates[announced])}
    found = PumpEvents(person, extra=extra if announced.any() else {})
    return found.merged(_readings(person, rows), insulin_events(person, rows))


def _readings(person: str, rows: Rows) -> PumpEvents:
    order = np.argsort(rows.times, kind="stable")
    times, glucose = rows.times[order], rows.glucose[order]
    measured = np.isfinite(glucose)
    # Where insulin has rows of its own, a row without glucose is none that could not be read.
    unread = 0 if rows.layout.with_insulin else int((~measured).sum())
    times, glucose = times[measured], glucose[measured]
    repeated = np.zeros(len(times), dtype=np.bool_)
    repeated[1:] = (np.diff(times) == np.timedelta64(0, "s")) & (np.diff(glucose) == 0)
    times, glucose = times[~repeated], glucose[~repeated]
    unclear = interleaved(times)
    repairs = (
        Repairs.of(RepairKind.repeated_events, int(repeated.sum()))
        + Repairs.of(RepairKind.unreadable_rows, unread, "rows without a glucose")
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
