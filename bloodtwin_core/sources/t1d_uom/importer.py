"""T1D-UOM: people with type 1 diabetes in Manchester on pumps or injections, with their own sensors.

"A Longitudinal Multimodal Dataset of Type 1 Diabetes", Scientific Data 12 (2025) 1379,
doi:10.1038/s41597-025-05695-1; data doi:10.5281/zenodo.15806142, CC BY 4.0. Read from the folder as downloaded and
unpacked: `Glucose Data/UoMGlucoseN.csv` (bg_ts, value), `Insulin Data/Basal Data/UoMBasalN.csv` (basal_ts, basal_dose,
insulin_kind) and `Insulin Data/Bolus Data/UoMBolusN.csv` (bolus_ts, bolus_dose).

What this importer makes of the files:
- Glucose is in mmol/L. Timestamps are DD/MM/YYYY HH:MM (the data set's own table says month first, but the second part
  never exceeds 12 and the first does), UK local time with daylight saving.
- Basal of kind R is a change of the pump's rate, U/h, which holds until the next; pumps write it at midnight at the
  latest, so after LONGEST_SILENCE without any row it is unknown. Of two rows at the same minute the later counts. Kind
  L is a long-acting injection, U, and no basal rate.
- Readings are taken from the time for which basal is known: outside of it the files hold no insulin at all, and no
  bolus in them would wrongly mean that none was given.
- In the bolus files of some MiniMed users each bolus stands twice, as begun and as delivered (see delivered_once).
- Usable are people on a pump with a reading every five minutes: as published 2301 and 2307 (t:slim X2), 2304, 2308,
  2309 and 2310 (MiniMed 780G). Not usable: 2302, 2305, 2306, 2313, 2314, 2401, 2403 and 2405 inject long-acting
  insulin; 2303, 2320 and 2404 have no basal file. The rule is applied to the files, not to this list.
- The paper says that all pumps ran in open loop; the rates of the two t:slim users change every five minutes
  nevertheless, as an algorithm changes them.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.clocks import utc_of_lists
from bloodtwin_core.events.kinds import BasalEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.events.plausible import POSSIBLE_BASAL, POSSIBLE_BOLUS, outside
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.sensors import why_not_followed
from bloodtwin_core.events.silence import until_unheard
from bloodtwin_core.events.units import GlucoseUnit, UnitsError, in_mg_per_dl
from bloodtwin_core.events.zones import zone_named
from bloodtwin_core.records import Limits, Mask, Timestamps
from bloodtwin_core.sources.t1d_uom.files import PUMP, FileRows, data_folder, file_of, people, read_rows

logger = logging.getLogger(__name__)

TIME_ZONE = "Europe/London"

_DELIVERY_SPEED = 1.5
"""U per minute, at which a MiniMed delivers a bolus by default, MiniMed 780G System User Guide."""
_WHOLE_MINUTES = 1.0
"""Timestamps are cut to minutes, so that a difference of two is right to this."""
_LOGGED_TWICE_SHARE = 0.5
"""From this share of rows in pairs on, a file logs each bolus twice; by chance the share is a few per cent."""


def events(settings: DataSettings) -> Iterator[PumpEvents]:
    """The events of each usable person, by number; data.pump_ids are the numbers N of UoMGlucoseN.csv.

    Who is left out, and why, is logged. Raises SettingsError if data.root is not set, DataError if a file or person is
    not there or cannot be understood, or if a person named in data.pump_ids is not usable.
    """
    folder = data_folder(settings)
    usable = 0
    for person in people(folder, settings):
        reason = why_not_usable(folder, person)
        if reason and person in settings.pump_ids:
            raise DataError(f"person {person} {reason}", todo="Leave the person out (data.pump_ids)", file=folder)
        if reason:
            logger.warning("T1D-UOM: person %s %s and is left out", person, reason)
            continue
        usable += 1
        yield person_events(folder, person)
    if not usable:
        todo = "Point data.root to the whole data set"
        raise DataError("nobody has a pump and a reading every five minutes", todo=todo, file=folder)


def why_not_usable(folder: Path, person: str) -> str:
    """What a person lacks, as the rest of a sentence; "" if nothing. folder is the one that holds 'Glucose Data'."""
    basal = file_of(folder, "Basal", person)
    if basal is None:
        return "has no basal file"
    if not (read_rows(basal, "basal_ts", "basal_dose", "insulin_kind").kinds == PUMP).any():
        return "injects long-acting insulin (L), which is no basal rate"
    glucose = file_of(folder, "Glucose", person)
    times = read_rows(glucose, "bg_ts", "value").times if glucose else np.empty(0, dtype="datetime64[s]")
    return why_not_followed(times)


def person_events(folder: Path, person: str) -> PumpEvents:
    """One person's events, glucose where the basal rate is known; raises DataError as events does."""
    glucose = _glucose_rows(folder, person)
    basal = _rows(folder, person, "Basal", "basal_ts", "basal_dose", "insulin_kind")
    bolus = _rows(folder, person, "Bolus", "bolus_ts", "bolus_dose")
    readings, (rates, doses), repairs = _utc(glucose, [basal, bolus])
    told = PumpEvents(person, repairs=repairs, wearer_zone=TIME_ZONE).merged(
        _basal(person, basal, rates), _glucose(person, glucose, readings), _bolus(person, bolus, doses)
    )
    heard_events = until_unheard(told, told.basal.times)
    place = np.searchsorted(heard_events.basal.times, heard_events.glucose.times, side="right") - 1
    known = (place >= 0) & ~np.isnan(heard_events.basal.rate[np.maximum(place, 0)])
    if not known.any():
        todo = "Leave the person out (data.pump_ids)"
        raise DataError(f"person {person} has no glucose while the basal rate is known", todo=todo, file=folder)
    return replace(heard_events, glucose=heard_events.glucose.chosen(known))


def delivered_once(times: Timestamps, doses: Floats) -> tuple[Mask, Floats]:
    """Which boluses [bolus], sorted by time, to keep, and the minutes [bolus] over which each was delivered.

    Two rows of one dose, as far apart as the pump takes to deliver it, are one bolus as begun and as delivered. Where
    at least half of all rows stand in such pairs the second of each is left out; elsewhere pairs are chance.
    """
    kept, minutes = np.ones(len(times), dtype=bool), np.zeros(len(times))
    since = (times - times[:1]).astype("timedelta64[s]").astype(np.float64) / 60.0
    pairs: list[tuple[int, int]] = []
    taken = np.zeros(len(times), dtype=bool)
    for first in range(len(times)):
        if taken[first]:
            continue
        expected = since[first] + doses[first] / _DELIVERY_SPEED
        stop = int(np.searchsorted(since, expected + _WHOLE_MINUTES, side="right"))
        later = np.arange(first + 1, stop)
        fits = later[(doses[later] == doses[first]) & ~taken[later] & (since[later] >= expected - _WHOLE_MINUTES)]
        if len(fits):
            second = int(fits[np.argmin(np.abs(since[fits] - expected))])
            taken[[first, second]] = True
            pairs.append((first, second))
    if 2 * len(pairs) < _LOGGED_TWICE_SHARE * len(times):
        return kept, minutes
    for first, second in pairs:
        kept[second] = False
        minutes[first] = since[second] - since[first]
    return kept, minutes


def _rows(folder: Path, person: str, kind: str, *columns: str) -> FileRows | None:
    path = file_of(folder, kind, person)
    return read_rows(path, *columns) if path else None


def _glucose_rows(folder: Path, person: str) -> FileRows:
    rows = _rows(folder, person, "Glucose", "bg_ts", "value")
    if rows is None:
        raise DataError(
            f"person {person} has no file UoMGlucose{person}.csv", todo="Correct data.pump_ids", file=folder
        )
    if (row := first_true(rows.values <= 0)) is not None:
        raise rows.fault(row, "value", "cannot be a glucose", "Leave the field empty if it was not measured")
    return rows


def _glucose(person: str, rows: FileRows, utc: Timestamps) -> PumpEvents:
    try:
        glucose = in_mg_per_dl(rows.values, GlucoseUnit.mmol_l)
    except UnitsError as error:
        path = rows.table.path
        raise UnitsError(error.what, todo="Use the file as published, in mmol/L", file=path, column="value") from error
    return PumpEvents(person, glucose=GlucoseEvents.of(utc, glucose)).without_repeats()


def _basal(person: str, rows: FileRows | None, utc: Timestamps) -> PumpEvents:
    """The pump's rates."""
    if rows is None:
        return PumpEvents.empty(person)
    pump = rows.kinds == PUMP
    _refuse_outside(rows, "basal_dose", POSSIBLE_BASAL, pump)
    return PumpEvents(person, basal=BasalEvents.of(utc[pump], rows.values[pump]))


def _bolus(person: str, rows: FileRows | None, utc: Timestamps) -> PumpEvents:
    if rows is None:
        return PumpEvents.empty(person)
    _refuse_outside(rows, "bolus_dose", POSSIBLE_BOLUS, np.ones(len(rows.times), dtype=bool))
    bolus = PumpEvents(person, bolus=BolusEvents.of(utc, rows.values)).without_repeats()
    given = bolus.bolus.chosen(bolus.bolus.dose > 0)
    kept, minutes = delivered_once(given.times, given.dose)
    repeated = Repairs.of(RepairKind.repeated_events, int((~kept).sum()))
    once = BolusEvents(given.times[kept], given.dose[kept], minutes[kept])
    return replace(bolus, bolus=once, repairs=bolus.repairs + repeated)


def _refuse_outside(rows: FileRows, column: str, limits: Limits, among: Mask) -> None:
    if (row := first_true(among & outside(rows.values, limits))) is not None:
        todo = f"It must be {limits.low:g} to {limits.high:g} {limits.unit}; correct it, or remove the row"
        raise rows.fault(row, column, "is impossible", todo)


def _utc(glucose: FileRows, insulin: Sequence[FileRows | None]) -> tuple[Timestamps, list[Timestamps], Repairs]:
    """UTC of the rows of glucose and of each file of insulin."""
    given = [rows.times if rows else glucose.times[:0] for rows in insulin]
    told = utc_of_lists([glucose.times, *given], zone_named(TIME_ZONE))
    repairs = sum((repaired for _, repaired in told), Repairs())
    blank = sum(rows.blank for rows in (glucose, *insulin) if rows)
    (readings, *others) = (times for times, _ in told)
    return readings, others, repairs + Repairs.of(RepairKind.unreadable_rows, blank, "rows without a number")
