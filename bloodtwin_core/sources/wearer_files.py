"""The files of each wearer under data.root: all of one wearer beside each other, or a folder for each."""

from collections.abc import Collection, Mapping
from pathlib import Path

from bloodtwin_core.common.errors import DataError, SettingsError, listed
from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records.pump_ids import pump_id_of


def files_of_wearers(settings: DataSettings, suffixes: Collection[str], what: str) -> dict[str, list[Path]]:
    """The files with these suffixes of each wanted wearer, by name; data.pump_ids are names of folders.

    what: the files in words. Raises SettingsError if data.root is not set, DataError if nothing wanted is there, or
    a folder's name can be no pump id.
    """
    root = given_root(settings.root, what)
    if not root.is_dir():
        raise DataError("it is no folder", todo=f"Point data.root to the folder that holds the {what}", file=root)
    wearers = {folder.name: _files(folder, suffixes) for folder in sorted(root.iterdir()) if folder.is_dir()}
    wearers = {name: paths for name, paths in wearers.items() if paths}
    if own := _files(root, suffixes):
        if wearers:
            todo = "Give each wearer a folder, or all files of one wearer a single one"
            raise DataError(f"the folder holds files beside the folder {next(iter(wearers))}", todo=todo, file=root)
        wearers = {root.resolve().name: own}
    if not wearers:
        raise DataError(f"the folder holds no {what}", todo=f"Put the {', '.join(suffixes)} files there", file=root)
    return chosen(wearers, settings.pump_ids, root)


def given_root(root: str, what: str) -> Path:
    """The file or folder that data.root names. Raises SettingsError if it is not set, DataError if nothing is there."""
    if not root:
        raise SettingsError(f"data.root is not set. Point it to {what}")
    place = given_path(root)
    if not place.is_file() and not place.is_dir():
        raise DataError("there is no such file or folder", todo=f"Point data.root to {what}", file=place)
    return place


def chosen(wearers: Mapping[str, list[Path]], pump_ids: Collection[str], root: Path) -> dict[str, list[Path]]:
    """The wearers that data.pump_ids names, all if it is empty.

    Raises DataError if one is not there, or its folder's or file's name can be no pump id.
    """
    for wearer in pump_ids:
        if wearer not in wearers:
            found = f"there is no {wearer}; there are {listed(wearers)}"
            raise DataError(found, todo="Correct data.pump_ids", file=root)
    wanted = {name: paths for name, paths in wearers.items() if not pump_ids or name in pump_ids}
    return {pump_id_of(name, file=_named_by(paths[0], name)): paths for name, paths in wanted.items()}


def _named_by(path: Path, name: str) -> Path:
    """The folder or file that gives a wearer its name."""
    return path if name in (path.name, path.stem) else path.parent


def _files(folder: Path, suffixes: Collection[str]) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and path.name.lower().endswith(tuple(suffixes)) and not path.name.startswith(".")
    )
