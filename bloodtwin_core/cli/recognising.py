"""Which source files or an address are of, so that nobody has to name it.

Each source says what tells its files (sources/signature.py); `--source` decides where that is not enough.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.records.split_files import PUMP_FOLDER
from bloodtwin_core.sources.registry import source_named, sources
from bloodtwin_core.sources.source import Source, SplitSource

_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
Claims = Mapping[str, Path]
"""What of a place is a source's, by the source's name."""


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
    paths = tuple(given_path(text) for text in where)
    for path in paths:
        if not path.is_file() and not path.is_dir():
            what = "it is a pipe or a device" if path.exists() else "there is no such file or folder"
            raise DataError(what, todo="Check its name", file=path)
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
    found = {path: _the_one(path, _of_folder(path) if path.is_dir() else _of_file(path)) for path in paths}
    if len(set(found.values())) > 1:
        told = ", ".join(f"{path.name} of {source}" for path, source in found.items())
        raise SettingsError(f"the files are of several sources ({told}). Name files of one")
    return found[paths[0]]


def _the_one(path: Path, claims: Claims) -> str:
    """The source that claims a place. Raises SettingsError if none does or several do."""
    if not claims:
        raise SettingsError(
            f"{path}: nothing tells which source it is of. Name it with --source, one of {', '.join(sources())}"
        )
    if len(claims) > 1:
        told = ", ".join(f"{source} ({what.name})" if what != path else source for source, what in claims.items())
        raise SettingsError(f"{path} may be of several sources: {told}. Name one with --source, or give each a folder")
    return next(iter(claims))


def _of_folder(folder: Path) -> Claims:
    """The sources by what tells them most surely: a pump's files, what was fetched, a data set's folders, exports."""
    steps = (_of_pump_files, _of_fetched, _of_contents, _of_loose_files)
    return next((claims for step in steps if (claims := step(folder))), {})


def _of_pump_files(folder: Path) -> Claims:
    pumps = (folder, *folder.glob(f"{PUMP_FOLDER}*"))
    found = {
        name: next((held for pump in pumps if (held := _held(pump, source.signature.pump_files))), None)
        for name, source in sources().items()
    }
    return _those(found)


def _of_fetched(folder: Path) -> Claims:
    fetching = sorted((name for name, source in sources().items() if source.fetch), key=len, reverse=True)
    found: dict[str, Path | None] = {}
    for path in sorted(folder.iterdir()):
        # The longest name that fits: acme_two_7 was fetched from acme_two, not from acme.
        name = next((name for name in fetching if re.fullmatch(f"{name}_.+", path.name)), "")
        if name and path.is_dir() and next(path.rglob(source_named(name).signature.kept), None):
            found.setdefault(name, path)
    return _those(found)


def _of_contents(folder: Path) -> Claims:
    return _those({name: _held(folder, source.signature.contents) for name, source in sources().items()})


def _of_loose_files(folder: Path) -> Claims:
    found: dict[str, Path | None] = {}
    for name, source in sources().items():
        signature = source.signature
        loose = (path for pattern in signature.loose_files for path in sorted(folder.glob(pattern)))
        if signature.is_file:
            found[name] = next((path for path in loose if signature.is_file(path)), None)
    return _those(found)


def _of_file(path: Path) -> Claims:
    """Columns of split files are told exactly, and need nothing of what the readers of exports import."""
    asked = {name: source for name, source in sources().items() if source.signature.is_file}
    exact = [name for name, source in asked.items() if isinstance(source, SplitSource) and _is_of(source, path)]
    names = exact or [name for name, source in asked.items() if _is_of(source, path)]
    return dict.fromkeys(names, path)


def _is_of(source: Source, path: Path) -> bool:
    return source.signature.is_file is not None and source.signature.is_file(path)


def _those(found: Mapping[str, Path | None]) -> Claims:
    return {name: path for name, path in found.items() if path is not None}


def _held(folder: Path, patterns: Iterable[str]) -> Path | None:
    """What there is in a folder of the first pattern that anything fits."""
    return next((path for pattern in patterns for path in folder.glob(pattern)), None)
