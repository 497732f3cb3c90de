"""Turn pump and sensor data into DATA/pump_*/{train,validate,test}/lstm_*.csv, and say what was found.

Where the source is a cloud or a site, what is new there is fetched first. Each pump's files are replaced whole or, if
anything fails, not at all.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bloodtwin_core.cli.import_report import report
from bloodtwin_core.cli.progress_bar import progress_bar
from bloodtwin_core.cli.settings import add_pump_option, add_set_option, data_settings
from bloodtwin_core.common.errors import SettingsError, StorageError
from bloodtwin_core.common.files import atomic_folder, recover_folder
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import Split
from bloodtwin_core.records.split_files import PumpSplitFiles
from bloodtwin_core.sources.registry import source_named, sources
from bloodtwin_core.sources.source import SplitSource
from bloodtwin_core.sources.splits import pump_split_files

_ASIDE = ".bloodtwin-import-"
_ABANDONED_SECONDS = 24 * 3600
"""A folder in which nothing was begun or finished for a day is taken to be of an import that was killed."""


@dataclass(frozen=True)
class ImportRequest:
    """What to import and where to; to may be None for a dry run, which writes nothing."""

    settings: DataSettings
    to: Path | None
    dry_run: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin import` takes."""
    importable = [name for name, source in sources().items() if not isinstance(source, SplitSource)]
    parser.add_argument("source", metavar="SOURCE", choices=importable, help="one of %(choices)s")
    parser.add_argument(
        "folder", metavar="FOLDER", nargs="?", default="", help="the source's files, or where a cloud's events are kept"
    )
    parser.add_argument("--to", metavar="DATA", type=Path, help="folder for the pump_* folders")
    parser.add_argument("--dry-run", action="store_true", help="read and report, write nothing")
    add_pump_option(parser, "only this pump")
    parser.add_argument(
        "--wearer",
        metavar="NAME=ID,ID",
        action="append",
        default=[],
        help="make one history of the pumps that one person wore; may be repeated",
    )
    add_set_option(parser, "any setting of the group data, such as events.glucose_unit=mmol/L")


def run(given: argparse.Namespace) -> None:
    """Import and print the report. Raises SettingsError, and what import_data raises."""
    if given.to is None and not given.dry_run:
        raise SettingsError("say where to write with --to DATA, or look only with --dry-run")
    settings = data_settings(given.source, given.folder, given.pump, given.wearer, given.set)
    sys.stdout.write(import_data(ImportRequest(settings, given.to, given.dry_run)))


def import_data(request: ImportRequest) -> str:
    """Import and return the report for the user.

    Everything is read and written aside before the first pump's files are put in place, each pump's by one rename: on
    any error or interrupt before, nothing in request.to has changed. A dry run fetches nothing either. Raises
    BloodTwinError for what the user can mend.
    """
    to = None if request.dry_run or request.to is None else request.to.expanduser()
    with progress_bar() as progress, _aside(to) as folder:
        fetch = source_named(request.settings.source).fetch
        if to is not None and fetch is not None:
            fetch(request.settings, progress)
        pumps = pump_split_files(request.settings, folder / "pumps", progress)
        text = report(pumps, request.settings.max_gap_hours)
        if to is None:
            return f"{text}\nDry run: nothing was written.\n"
        _put_in_place(pumps, folder / "pumps", to)
    return f"{text}\nWritten to {to}.\n"


@contextmanager
def _aside(to: Path | None) -> Iterator[Path]:
    """A temporary folder on the disk of `to`, gone afterwards; those that killed imports left there go too."""
    near = to.absolute() if to else None
    while near is not None and not near.is_dir():
        if near.exists():
            raise StorageError(f"{near} is a file. Choose a folder with --to")
        near = near.parent
    try:
        aside = tempfile.TemporaryDirectory(prefix=_ASIDE, dir=near)
    except OSError as error:
        what = error.strerror or str(error)
        raise StorageError(f"{near}: cannot be written: {what}. Choose another folder with --to") from error
    with aside as folder:
        if to is not None:
            _clear_abandoned(Path(folder).parent, to.absolute().parent)
        yield Path(folder)


def _clear_abandoned(*places: Path) -> None:
    """Remove what imports left that were killed; the first one to a new folder stood beside it."""
    for folder in {folder for place in places for folder in place.glob(f"{_ASIDE}*")}:
        with suppress(FileNotFoundError):  # Another import may clear it at the same time.
            if time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(pumps: list[PumpSplitFiles], made: Path, to: Path) -> None:
    names = [next(iter(pump.files.values())).relative_to(made).parts[0] for pump in pumps]
    for name in names:
        _refuse_foreign_files(to / name)
    for name in names:
        with atomic_folder(to / name) as temporary:
            for split in Split:
                (made / name / split).replace(temporary / split)


def _refuse_foreign_files(pump: Path) -> None:
    recover_folder(pump)
    foreign = sorted(path.name for path in pump.iterdir() if path.name not in set(Split)) if pump.is_dir() else []
    if foreign:
        raise StorageError(f"{pump} holds '{foreign[0]}', which would be lost. Choose another folder with --to")
