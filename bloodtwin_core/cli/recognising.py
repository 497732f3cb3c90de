"""Which source files or an address are of, so that nobody has to name it.

Each source says what tells its files (sources/signature.py); `--source` decides where that is not enough.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.records.split_files import PUMP_FOLDER
from bloodtwin_core.sources.registry import source_named, sources

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
        if source_named(self.source).signature.pump_files and folder.resolve().name.startswith(PUMP_FOLDER):
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
    able = [known.name for known in sources().values() if known.address_setting]
    if len(where) > 1 or source not in (None, *able):
        titles = " or ".join(source_named(name).title for name in able)
        raise SettingsError(f"an address is that of {titles}, and stands alone. Name one address, or files")
    if source is None and len(able) > 1:
        raise SettingsError(f"{where[0]}: several sources read an address. Name one with --source: {', '.join(able)}")
    return Place(source or able[0], address=where[0])


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
    """The source by what tells it most surely: a pump's files, what was fetched, a data set's folders, exports."""
    steps = (_of_pump_files, _of_fetched, _of_contents, _of_loose_files)
    return next((source for step in steps if (source := step(folder))), "")


def _of_pump_files(folder: Path) -> str:
    pumps = (folder, *folder.glob(f"{PUMP_FOLDER}*"))
    for name, source in sources().items():
        if any(_holds(pump, source.signature.pump_files) for pump in pumps):
            return name
    return ""


def _of_fetched(folder: Path) -> str:
    fetching = sorted((name for name, source in sources().items() if source.fetch), key=len, reverse=True)
    for path in sorted(folder.iterdir()):
        # The longest name that fits: acme_two_7 was fetched from acme_two, not from acme.
        name = next((name for name in fetching if re.fullmatch(f"{name}_.+", path.name)), "")
        if name and path.is_dir() and next(path.rglob(source_named(name).signature.kept), None):
            return name
    return ""


def _of_contents(folder: Path) -> str:
    return next((name for name, source in sources().items() if _holds(folder, source.signature.contents)), "")


def _of_loose_files(folder: Path) -> str:
    for name, source in sources().items():
        is_file, patterns = source.signature.is_file, source.signature.loose_files
        if is_file and any(is_file(path) for pattern in patterns for path in sorted(folder.glob(pattern))):
            return name
    return ""


def _of_file(path: Path) -> str:
    # One after the other: split files come first, and need nothing of what the readers of exports import.
    for name, source in sources().items():
        if source.signature.is_file is not None and source.signature.is_file(path):
            return name
    return ""


def _holds(folder: Path, patterns: Iterable[str]) -> bool:
    return any(next(folder.glob(pattern), None) for pattern in patterns)
