"""The files of each wearer under data.root: all of one wearer beside each other, or a folder for each."""

from collections.abc import Collection
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
    if not settings.root:
        raise SettingsError(f"data.root is not set. Point it to the folder that holds the {what}")
    root = given_path(settings.root)
    if not root.is_dir():
        raise DataError("the folder does not exist", todo=f"Point data.root to the {what}", file=root)
    wearers = {folder.name: _files(folder, suffixes) for folder in sorted(root.iterdir()) if folder.is_dir()}
    wearers = {name: paths for name, paths in wearers.items() if paths}
    if own := _files(root, suffixes):
        if wearers:
            todo = "Give each wearer a folder, or all files of one wearer a single one"
            raise DataError(f"the folder holds files beside the folder {next(iter(wearers))}", todo=todo, file=root)
        wearers = {root.resolve().name: own}
    if not wearers:
        raise DataError(f"the folder holds no {what}", todo=f"Put the {', '.join(suffixes)} files there", file=root)
    for wearer in settings.pump_ids:
        if wearer not in wearers:
            found = f"there is no folder {wearer}; there are {listed(wearers)}"
            raise DataError(found, todo="Correct data.pump_ids", file=root)
    wanted = {name: paths for name, paths in wearers.items() if not settings.pump_ids or name in settings.pump_ids}
    return {pump_id_of(name, file=paths[0].parent): paths for name, paths in wanted.items()}


def _files(folder: Path, suffixes: Collection[str]) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and path.name.lower().endswith(tuple(suffixes)) and not path.name.startswith(".")
    )
