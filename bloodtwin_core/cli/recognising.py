"""Which source files or an address are of, so that nobody has to name it.

Files are told by their names and headers, a folder by what lies in it; `--source` decides where that is not enough.
"""

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bloodtwin_core.common.csv_table import columns_of
from bloodtwin_core.common.errors import BloodTwinError, DataError, SettingsError
from bloodtwin_core.records.split_files import COLUMNS, PUMP_FOLDER
from bloodtwin_core.sources.registry import sources

SPLIT_FILES, RAW_EVENTS, SITE, EXPORTS = "bloodbank", "events", "nightscout", "vendor"
GLOOKO, XDRIP = "glooko", "xdrip"
_SPLIT_FILE = "lstm_*.csv"
_RAW_FILE = "cgmreading_*.csv"
_FETCHED = re.compile(r"(nightscout|tandem|dexcom_share|librelinkup)_.+")
_DATA_SETS = {
    "azt1d": ("CGM Records", "Subject *"),
    "t1d_uom": ("Glucose Data", "*/Glucose Data"),
    "brist1d": ("P[0-9]*.csv",),
}
"""What lies in the folder of a published data set."""
_GLOOKO_FILE = re.compile(r"(cgm|basal|bolus|insulin)_data_\d+\.csv", re.IGNORECASE)
_START = 100
"""Bytes of a file that tell what it is."""
_ZIP_START, _DATABASE_START, _SIDIARY_START = b"PK\x03\x04", b"SQLite format 3\x00", b"DAY;TIME;UDT_CGMS"
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """A source and where its data are: the files or the one folder, or the address of a site."""

    source: str
    paths: tuple[Path, ...] = ()
    address: str = ""

    @property
    def folder(self) -> Path | None:
        """The folder, if it is one."""
        return self.paths[0] if len(self.paths) == 1 and self.paths[0].is_dir() else None

    @property
    def root(self) -> tuple[Path, list[str]]:
        """What data.root and data.pump_ids are for the folder; where it is one pump's, its parent and that pump."""
        folder = self.paths[0]
        if self.source in (SPLIT_FILES, RAW_EVENTS) and folder.resolve().name.startswith(PUMP_FOLDER):
            return folder.resolve().parent, [folder.resolve().name.removeprefix(PUMP_FOLDER)]
        return folder, []

    def __str__(self) -> str:
        return self.address or ", ".join(str(path) for path in self.paths)


def place_of(where: Sequence[str], source: str | None = None) -> Place:
    """The place that a command names; source None is recognised.

    Raises SettingsError for an unknown source or one that cannot be told, DataError for what is not there.
    """
    if source is not None and source not in sources():
        raise SettingsError(f"--source {source} is not known. Choose one of {', '.join(sources())}")
    if any(_ADDRESS.match(text) for text in where):
        return _site(where, source)
    paths = tuple(Path(text).expanduser() for text in where)
    for path in paths:
        if not path.exists():
            raise DataError("there is no such file or folder", todo="Check its name", file=path)
    return Place(source or _recognised(paths), paths)


def _site(where: Sequence[str], source: str | None) -> Place:
    if len(where) > 1 or source not in (None, SITE):
        raise SettingsError("an address is that of a Nightscout site, and stands alone. Name one site, or files")
    return Place(SITE, address=where[0])


def _recognised(paths: Sequence[Path]) -> str:
    if len(paths) > 1 and any(path.is_dir() for path in paths):
        raise SettingsError("name one folder, or files, not both")
    found = {path: _of_folder(path) if path.is_dir() else _of_file(path) for path in paths}
    for path, source in found.items():
        if not source:
            raise SettingsError(
                f"{path}: nothing tells which source it is of. Name it with --source, one of {', '.join(sources())}"
            )
    if len(set(found.values())) > 1:
        told = ", ".join(f"{path.name} of {source}" for path, source in found.items())
        raise SettingsError(f"the files are of several sources ({told}). Name files of one")
    return found[paths[0]]


def _of_folder(folder: Path) -> str:
    inside = (folder, *folder.glob(f"{PUMP_FOLDER}*"))
    if any(next(pump.glob(f"*/{_SPLIT_FILE}"), None) or next(pump.glob(_SPLIT_FILE), None) for pump in inside):
        return SPLIT_FILES
    if any(next(pump.glob(_RAW_FILE), None) for pump in inside):
        return RAW_EVENTS
    for path in folder.iterdir():
        if path.is_dir() and (match := _FETCHED.fullmatch(path.name)) and next(path.rglob("*.csv.gz"), None):
            return match[1]
    for source, patterns in _DATA_SETS.items():
        if any(next(folder.glob(pattern), None) for pattern in patterns):
            return source
    inside_exports = [*folder.glob("*"), *folder.glob("*/*")]
    if any(path.is_file() and _GLOOKO_FILE.fullmatch(path.name) for path in inside_exports):
        return GLOOKO
    for path in folder.iterdir():
        if path.is_file() and (known := _app_of(path)):
            return known
    exports = (path for pattern in ("*.csv", "*.txt", "*.tsv", "*/*.csv") for path in sorted(folder.glob(pattern)))
    return EXPORTS if any(_is_export(path) for path in exports) else ""


def _of_file(path: Path) -> str:
    if _is_split_file(path):
        return SPLIT_FILES
    return _app_of(path) or (EXPORTS if _is_export(path) else "")


def _app_of(path: Path) -> str:
    """Which of the apps whose exports are no plain tables wrote a file, as zip or not; "" if none."""
    if _GLOOKO_FILE.fullmatch(path.name):
        return GLOOKO
    try:
        with path.open("rb") as file:
            start = file.read(_START)
        if not start.startswith(_ZIP_START):
            return XDRIP if start.startswith(_DATABASE_START) or _SIDIARY_START in start else ""
        with zipfile.ZipFile(path) as packed:
            names = [Path(name).name for name in packed.namelist()]
    except (OSError, zipfile.BadZipFile, ValueError):
        return ""
    if any(_GLOOKO_FILE.fullmatch(name) for name in names):
        return GLOOKO
    return XDRIP if any(re.fullmatch(r"export[\d-]*\.(csv|sqlite)", name) for name in names) else ""


def _is_split_file(path: Path) -> bool:
    try:
        return set(COLUMNS) <= set(columns_of(path))
    except DataError:
        return False


def _is_export(path: Path) -> bool:
    # The readers of exports need pandas, which a light installation lacks and split files do without.
    from bloodtwin_core.sources.device_exports.importer import format_of

    try:
        return format_of(path) is not None
    except BloodTwinError:
        return False
