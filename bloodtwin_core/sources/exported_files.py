"""The exported files of each wearer: in a folder or zip file of one wearer, or in one folder for each.

Files in zip files are read as those in folders; what a zip file would unpack to is bounded.
"""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bloodtwin_core.common.errors import DataError, SettingsError, listed
from bloodtwin_core.common.given_files import (
    LARGEST_FILE,
    content_of,
    given_path,
    opened_zip,
    refuse_bomb,
    too_large,
    unpacked,
)
from bloodtwin_core.records.pump_ids import pump_id_of

_ZIP = ".zip"


@dataclass(frozen=True)
class ExportedFile:
    """One file of an export. path names it for people: of a file in a zip file both names, one after the other."""

    path: Path
    content: bytes

    @property
    def name(self) -> str:
        """Its own name."""
        return self.path.name


Wanted = Callable[[str], bool]
"""Whether a file of this name belongs to the export."""


def wearers_of(root: str, wanted: Wanted, what: str) -> dict[str, list[Path]]:
    """The folders and files of each wearer, by name: root itself, or each folder in it that holds such files.

    what names the files in errors. Raises SettingsError if root is not set, DataError if there are none.
    """
    if not root:
        raise SettingsError(f"data.root is not set. Point it to {what}")
    place = given_path(root)
    if place.is_file():
        return {place.stem: [place]}
    if not place.is_dir():
        raise DataError("there is no such file or folder", todo=f"Point data.root to {what}", file=place)
    own = [path for path in _sorted(place) if path.is_file() and _belongs(path, wanted)]
    folders = [path for path in _sorted(place) if path.is_dir() and any(_found_in(path, wanted))]
    if own:
        return {place.resolve().name: [*own, *folders]}
    if not folders:
        raise DataError(f"the folder holds no files of {what}", todo="Put them there as exported", file=place)
    return {path.name: [path] for path in folders}


def chosen(wearers: dict[str, list[Path]], pump_ids: list[str]) -> dict[str, list[Path]]:
    """The wearers that data.pump_ids names, all if it is empty.

    Raises DataError if one is not there, or its folder's or file's name can be no pump id.
    """
    if missing := [name for name in pump_ids if name not in wearers]:
        raise DataError(f"there is no {missing[0]}; there are {listed(wearers)}", todo="Correct data.pump_ids")
    wanted = {name: paths for name, paths in wearers.items() if name in (pump_ids or wearers)}
    return {pump_id_of(name, file=paths[0]): paths for name, paths in wanted.items()}


def files_in(paths: list[Path], wanted: Wanted) -> Iterator[ExportedFile]:
    """The wanted files in folders, zip files and among the files given, in the order of their names.

    Raises DataError for one that cannot be read or is too large.
    """
    for path in paths:
        for found in [path] if path.is_file() else _found_in(path, wanted):
            if found.suffix.lower() == _ZIP:
                yield from _unzipped(found, wanted)
            else:
                yield ExportedFile(found, content_of(found))


def _sorted(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _belongs(path: Path, wanted: Wanted) -> bool:
    return wanted(path.name) or path.suffix.lower() == _ZIP


def _found_in(folder: Path, wanted: Wanted) -> Iterator[Path]:
    return (
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and _belongs(path, wanted)
    )


def _unzipped(path: Path, wanted: Wanted) -> Iterator[ExportedFile]:
    with opened_zip(path) as packed:
        entries = [entry for entry in packed.infolist() if _is_wanted(entry, wanted)]
        total = sum(entry.file_size for entry in entries)
        refuse_bomb(path, total, path.stat().st_size)
        if total > LARGEST_FILE:
            raise too_large(path)
        for entry in sorted(entries, key=lambda each: each.filename):
            yield ExportedFile(path / entry.filename, unpacked(path, packed, entry))


def _is_wanted(entry: zipfile.ZipInfo, wanted: Wanted) -> bool:
    name = Path(entry.filename).name
    return not (entry.is_dir() or name.startswith(".") or "__MACOSX" in entry.filename) and wanted(name)
