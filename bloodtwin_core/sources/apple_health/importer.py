"""Apple Health's export: `export.xml`, or the zip that holds it, of any size; it is read as a stream.

Layout: Apple's HealthKit documentation (HKQuantityTypeIdentifier, HKMetadataKeyInsulinDeliveryReason) and the DTD at
the top of every export: `<HealthData>` holds `<Record type unit value startDate endDate sourceName>` with
`<MetadataEntry key value>` in it.

- Each app (`sourceName`) is one sensor or pump. An app that tells basal is a pump; of two at once the one that began
  later is worn, so that a delivery that two apps wrote counts once.
- Readings that were typed in (HKWasUserEntered) are not used.
"""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.common.given_files import opened, opened_zip, refuse_bomb
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.records import UNKNOWN_ZONE
from bloodtwin_core.sources.apple_health import AppleHealthSettings
from bloodtwin_core.sources.apple_health.records import READERS, Record, units_in
from bloodtwin_core.sources.doses import Gathered
from bloodtwin_core.sources.fetching import known_zone
from bloodtwin_core.sources.wearer_files import files_of_wearers
from bloodtwin_core.sources.xml_documents import children_of_root

SUFFIXES = (".xml", ".zip")
ROOT = "HealthData"
_CLINICAL = "cda"
"""In the name of the export's second file, which repeats some of it in another layout."""
_HEAD = 4096
_LONGEST_NAME = 60


@dataclass
class _Zone:
    """The zone of the newest record, which begins at this second."""

    second: int = -(2**62)
    name: str = UNKNOWN_ZONE


def events(settings: DataSettings) -> Iterator[PumpEvents]:
    """The events of each wearer, by name; data.pump_ids are names of folders.

    Raises SettingsError if data.root is not set or there is no such zone, DataError for a file that cannot be read.
    """
    stated = settings.of(AppleHealthSettings).time_zone
    zone = known_zone(stated, "data.apple_health.time_zone", "the zone that the wearer lives in") if stated else ""
    for wearer, paths in files_of_wearers(settings, SUFFIXES, "exports of Apple Health").items():
        gathered, newest = Gathered(), _Zone()
        for path in (path for path in paths if _CLINICAL not in path.name.casefold()):
            read_export(path, gathered, newest)
        yield gathered.events(wearer, zone or newest.name)


def read_export(path: Path, gathered: Gathered, newest: _Zone) -> None:
    """Gather what an export says. Raises DataError if it is none, or is cut off."""
    is_export = False
    with _opened(path) as stream:
        for root, element in children_of_root(path, stream):
            if not is_export and root.tag != ROOT:
                break
            is_export = True
            if element.tag != "Record":
                continue
            record = Record(element)
            if record.type in READERS:
                _read(record, gathered, newest)
            elif record.is_of_diabetes:
                gathered.not_understood(record.short_name[:_LONGEST_NAME], units_in(record))
    if not is_export:
        todo = "Remove it from the folder, or export from the Health app again"
        raise DataError("the file is no export of Apple Health: it holds no <HealthData>", todo=todo, file=path)


def _read(record: Record, gathered: Gathered, newest: _Zone) -> None:
    try:
        READERS[record.type](record, gathered)
    except (KeyError, ValueError, OverflowError):
        gathered.not_understood(record.short_name, units_in(record))
        return
    if record.start >= newest.second and (zone := record.zone):
        newest.second, newest.name = record.start, zone


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The XML of an export, out of its zip if it is one. Raises DataError if it cannot be read."""
    if path.suffix.lower() != ".zip":
        with opened(path) as stream:
            yield stream
        return
    with opened_zip(path) as archive:
        entry = _entry(path, archive)
        refuse_bomb(path / entry.filename, entry.file_size, entry.compress_size)
        with archive.open(entry) as member:
            yield cast(BinaryIO, member)


def _entry(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The export in the archive, whose name is in the language of the phone."""
    for entry in archive.infolist():
        if entry.filename.lower().endswith(".xml") and _CLINICAL not in entry.filename.casefold():
            with archive.open(entry) as member:
                if f"<!DOCTYPE {ROOT}".encode() in (head := member.read(_HEAD)) or f"<{ROOT}".encode() in head:
                    return entry
    todo = "Export from the Health app again"
    raise DataError("the archive holds no export of Apple Health", todo=todo, file=path)
