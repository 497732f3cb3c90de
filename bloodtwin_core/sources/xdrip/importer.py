"""Exports of xDrip+: readings, and what was entered as a treatment.

Treatments are read as those of a Nightscout site, to which xDrip+ uploads them under the same names: long-acting
insulin is no bolus there. xDrip+ keeps no basal rate, so that basal is unknown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import BasalEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.records import CARBOHYDRATES
from bloodtwin_core.sources.databases import MAGIC
from bloodtwin_core.sources.exported_files import ExportedFile, files_in, wearers_of
from bloodtwin_core.sources.fetching import known_zone
from bloodtwin_core.sources.nightscout.documents import treatment_rows
from bloodtwin_core.sources.nightscout.reading import events_of_rows
from bloodtwin_core.sources.nightscout.site_rows import SiteRows
from bloodtwin_core.sources.xdrip import XdripSettings
from bloodtwin_core.sources.xdrip.content import FileContent
from bloodtwin_core.sources.xdrip.database import read_database
from bloodtwin_core.sources.xdrip.sidiary import is_sidiary, read_sidiary

WHAT = "an export of xDrip+"
_SUFFIXES = (".csv", ".sqlite", ".sqlite3", ".db")
_LOWEST_READING = 39.0
"""mg/dL. BgReading.java writes 38 for an error and 39 for whatever is lower than the sensor measures."""


def events(settings: DataSettings) -> Iterator[PumpEvents]:
    """The events of each wearer, by the name of the folder or file.

    Raises SettingsError if data.root is not set, or data.xdrip.time_zone for CSV files; DataError for what cannot be
    read, and where a database and CSV files tell of one wearer.
    """
    wearers = wearers_of(settings, is_wanted, WHAT)
    for wearer, paths in wearers.items():
        yield _events_of(wearer, list(files_in(paths, is_wanted)), settings)


def is_wanted(name: str) -> bool:
    """Whether a file of this name may be an export."""
    return Path(name).suffix.lower() in _SUFFIXES


def _events_of(pump_id: str, files: Sequence[ExportedFile], settings: DataSettings) -> PumpEvents:
    stated = settings.of(XdripSettings).time_zone
    databases = [file for file in files if file.content.startswith(MAGIC)]
    if databases and len(databases) < len(files):
        other = next(file.path for file in files if file not in databases)
        todo = "Give the database alone: it says the same with more detail"
        raise DataError("a database and other files tell of one wearer", todo=todo, file=other)
    zone = known_zone(stated, "data.xdrip.time_zone", "the zone of the phone") if stated or not databases else ""
    told = [read_database(file) for file in databases] or read_sidiary([_csv(file) for file in files], zone)
    found = PumpEvents(pump_id).merged(*(_events_told(pump_id, each, settings) for each in told))
    if not len(found):
        raise DataError(f"{WHAT} of {pump_id} holds no reading and no treatment", todo="Export more days")
    return replace(found, wearer_zone=zone) if zone else found


def _csv(file: ExportedFile) -> ExportedFile:
    if not is_sidiary(file.content):
        todo = "Give what xDrip+ exports: its database, or CSV in SiDiary's format"
        raise DataError("the file is no export of xDrip+", todo=todo, file=file.path)
    return file


def _events_told(pump_id: str, told: FileContent, settings: DataSettings) -> PumpEvents:
    times = np.array([reading.time for reading in told.readings], dtype="datetime64[s]")
    glucose = np.array([reading.glucose for reading in told.readings], dtype=np.float64)
    measured = glucose >= _LOWEST_READING
    rows = SiteRows.of(treatment_rows(told.treatments, "")).once()
    given = events_of_rows(
        pump_id,
        [rows],
        SiteRows.of([]),
        profile_basal=False,
        with_carbohydrates=CARBOHYDRATES in settings.extra_features,
    )
    repairs = given.repairs + told.repairs + Repairs.of(RepairKind.unreadable_rows, told.unread, "readings")
    return replace(
        given,
        glucose=GlucoseEvents.of(times[measured], glucose[measured]),
        basal=BasalEvents.of([], []),
        repairs=repairs + Repairs.of(RepairKind.error_codes, int((~measured).sum())),
    )
