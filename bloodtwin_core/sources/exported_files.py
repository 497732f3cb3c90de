"""The exported files of each wearer: in a folder or zip file of one wearer, or in one folder for each.

Files in zip files are read as those in folders; what a zip file would unpack to is bounded.
"""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.common.given_files import (
    LARGEST_FILE,
    content_of,
    opened_zip,
    refuse_bomb,
    too_large,
    unpacked,
)
from bloodtwin_core.config import DataSettings
from bloodtwin_core.sources.wearer_files import chosen, given_root

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


def wearers_of(settings: DataSettings, wanted: Wanted, what: str) -> dict[str, list[Path]]:
    """The folders and files of each wanted wearer, by name: data.root itself, or each folder in it that has such files.

    An export may itself be a tree of folders or a zip file: folders beside its own files are parts of the same one.
    what: the files in words. Raises SettingsError if data.root is not set, DataError if nothing wanted is there.
    """
    root = given_root(settings.root, what)
    if root.is_file():
        return chosen({root.stem: [root]}, settings.pump_ids, root)
    own = [path for path in _sorted(root) if path.is_file() and _belongs(path, wanted)]
    folders = [path for path in _sorted(root) if path.is_dir() and any(_found_in(path, wanted))]
    if not own and not folders:
        raise DataError(f"the folder holds no files of {what}", todo="Put them there as exported", file=root)
    wearers = {root.resolve().name: [*own, *folders]} if own else {path.name: [path] for path in folders}
    return chosen(wearers, settings.pump_ids, root)


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
        _require_names_as_packed(packed)
        for entry in sorted(entries, key=lambda each: each.filename):
            yield ExportedFile(path / entry.filename, unpacked(path, packed, entry))


def _require_names_as_packed(packed: zipfile.ZipFile) -> None:
    """Raise BadZipFile where the list of contents and the files disagree: a damaged name would hide a file."""
    for entry in packed.infolist():
        with suppress(RuntimeError, NotImplementedError), packed.open(entry):  # Locked, or packed in an unknown way.
            pass


def _is_wanted(entry: zipfile.ZipInfo, wanted: Wanted) -> bool:
    name = Path(entry.filename).name
    return not (entry.is_dir() or name.startswith(".") or "__MACOSX" in entry.filename) and wanted(name)
