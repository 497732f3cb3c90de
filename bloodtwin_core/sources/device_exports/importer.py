"""Exports of CGM and pump data that a wearer downloads from the vendor's site.

data.root is the folder of one wearer's files, or holds one folder a wearer; the folder's name becomes the pump id.
All files of a wearer are taken together: sensor readings from Clarity or LibreView beside a pump's CareLink or
t:connect. Each format has a module of its own; a file is known by the column names of its header. Times are the local
wall times of data.vendor.time_zone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.zones import zone_named
from bloodtwin_core.records import CARBOHYDRATES
from bloodtwin_core.sources.device_exports import VendorSettings, carelink, dexcom, libre, paradigm, tconnect
from bloodtwin_core.sources.device_exports.export import Export, open_export, open_head
from bloodtwin_core.sources.device_exports.in_utc import merged_in_utc
from bloodtwin_core.sources.device_exports.languages import READ, in_english, language_of
from bloodtwin_core.sources.device_exports.local import LocalEvents
from bloodtwin_core.sources.wearer_files import files_of_wearers

_SUFFIXES = (".csv", ".txt", ".tsv")


@dataclass(frozen=True)
class Format:
    """One vendor's export: its name, whether a file is one, and what it says."""

    name: str
    recognise: Callable[[Export], bool]
    read: Callable[[Export, VendorSettings], LocalEvents]


_MODULES = (dexcom, libre, carelink, tconnect, paradigm)
FORMATS = tuple(Format(module.NAME, module.recognise, module.read) for module in _MODULES)


def events(settings: DataSettings) -> Iterator[PumpEvents]:
    """The events of each wearer, by name; data.pump_ids are names of folders.

    Raises SettingsError if data.root or data.vendor.time_zone is not set or a unit is declared by nobody, DataError,
    with file, line and column, for a file that is of no known format or cannot be understood.
    """
    vendor = settings.of(VendorSettings)
    if not vendor.time_zone:
        raise SettingsError(
            "data.vendor.time_zone is not set. Set it to the zone that sensor and pump were set to, "
            "such as Europe/London: the exports give local times only"
        )
    zone_named(vendor.time_zone)
    for wearer, paths in files_of_wearers(settings, _SUFFIXES, "exported files").items():
        exports = [read_export(path, vendor) for path in paths]
        if CARBOHYDRATES not in settings.extra_features:
            exports = [replace(export, carbohydrates=()) for export in exports]
        yield merged_in_utc(wearer, exports, vendor.time_zone)


def read_export(path: Path, settings: VendorSettings) -> LocalEvents:
    """What one exported file says, in local time. Raises DataError and SettingsError as events does."""
    export = in_english(open_export(path))
    if (known := _format_of(export)) is not None:
        told = known.read(export, settings)
        cut_off = Repairs.of(RepairKind.cut_off_rows, export.cut_off_rows)
        return replace(told, clock=known.name, repairs=told.repairs + cut_off)
    names = ", ".join(known.name for known in FORMATS)
    if language := language_of(export):
        what = f"the file seems to be an export in {language}, of which the column names are not known"
        raise DataError(what, todo=f"Export it again in English. Languages that are read: {READ}", file=path)
    todo = f"Remove it from the folder, or export it again in English; known are {names}"
    raise DataError("the file is of no known format", todo=todo, file=path)


def format_of(path: Path) -> Format | None:
    """The format of a file, None if it is of no known one. Raises DataError if it cannot be read or is no table."""
    return _format_of(in_english(open_head(path)))


def _format_of(export: Export) -> Format | None:
    return next((known for known in FORMATS if known.recognise(export)), None)
