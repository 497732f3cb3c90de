"""From a place to the last day of one pump's records, whatever its source, and the clock of its wearer."""

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bloodtwin_core.cli.progress_bar import progress_bar
from bloodtwin_core.cli.recognising import Place
from bloodtwin_core.cli.wearer_clock import clock_of
from bloodtwin_core.common.errors import DataError, SettingsError, listed
from bloodtwin_core.common.progress import Progress
from bloodtwin_core.config import DataSettings
from bloodtwin_core.display.clock import WearerClock
from bloodtwin_core.events.repairs import RepairKind, read_repairs
from bloodtwin_core.events.silence import LONGEST_SILENCE
from bloodtwin_core.records import PumpHistory, PumpRecords, Split, features_with
from bloodtwin_core.records.pump_ids import is_pump_id
from bloodtwin_core.records.split_files import SplitFile, natural_order, read_split_file
from bloodtwin_core.sources.registry import source_named
from bloodtwin_core.sources.source import SplitSource
from bloodtwin_core.sources.splits import split_files_of


@dataclass(frozen=True)
class Asked:
    """What a forecast needs: settings, until when (UTC; None: the end), how far back from there, the zone if given."""

    settings: DataSettings
    until: np.datetime64 | None
    back: np.timedelta64
    zone: str = ""


@dataclass(frozen=True)
class History:
    """Parts of one pump's history, in any order, and the clock of its wearer.

    times_refused: events that were left out since they lie in the future, or before 2020.
    """

    parts: list[PumpRecords]
    clock: WearerClock
    times_refused: int = 0


def history_at(place: Place, asked: Asked) -> History:
    """The records before a moment. Raises BloodTwinError for what cannot be read, or is of several pumps."""
    with tempfile.TemporaryDirectory(prefix="bloodtwin-") as name, progress_bar() as progress:
        scratch, features = Path(name), features_with(asked.settings.extra_features)
        if isinstance(source_named(place.source), SplitSource):
            files = _split_files(place, asked.settings.pump_ids, features)
        else:
            settings = _fetched(place, asked, scratch, progress) if place.address else _rooted(place, asked, scratch)
            written = split_files_of(settings, scratch / "pumps", progress, _last_part(asked))
            files = [read_split_file(path, features) for pump in written for path in pump.files.values()]
    _require_one_pump(files, place)
    clock = clock_of(place.source, files[0].records, asked.zone)
    refused = int(sum(read_repairs(file.header)[RepairKind.times_refused] for file in files))
    return History([file.records for file in files], clock, refused)


def _last_part(asked: Asked) -> Callable[[PumpHistory, DataSettings], dict[Split, PumpRecords]]:
    """Nothing is trained or tested here: of a history the last part is kept, however short it is."""

    def cut(history: PumpHistory, _settings: DataSettings) -> dict[Split, PumpRecords]:
        times = history.records.timestamps
        end = len(times) if asked.until is None else int(np.searchsorted(times, asked.until, side="right"))
        end = max(end, 1)  # Of a history that begins later its first record tells so.
        first = int(np.searchsorted(times, times[end - 1] - asked.back))
        return {Split.test: history.records.rows(first, end)}

    return cut


def _rooted(place: Place, asked: Asked, scratch: Path) -> DataSettings:
    """The settings with data.root a folder that holds these files and no others."""
    settings = asked.settings.model_copy(update={"source": place.source, "join_wearers": bool(asked.settings.wearers)})
    signature = source_named(place.source).signature
    if signature.root_may_be_file and len(place.paths) == 1:
        return settings.model_copy(update={"root": str(place.paths[0])})
    reads_files = signature.is_file is not None and not signature.root_may_be_file
    if reads_files and place.folder is not None and not is_pump_id(place.folder.resolve().name):
        # A folder of wearers' folders holds no files itself, and its own name is nobody's.
        files = tuple(sorted(path for path in place.folder.iterdir() if path.is_file()))
        place = Place(place.source, files) if files else place
    if place.folder is not None:
        folder, pump_ids = place.root
        return settings.model_copy(update={"root": str(folder), "pump_ids": settings.pump_ids or pump_ids})
    if not reads_files:
        raise SettingsError(f"{place}: name the folder, since {place.source} is read from one")
    root = scratch / "files" / _wearer_name(place.paths)
    root.mkdir(parents=True)
    for number, path in enumerate(place.paths):
        shutil.copyfile(path, root / f"{number}_{path.name}")
    return settings.model_copy(update={"root": str(root)})


def _wearer_name(paths: Sequence[Path]) -> str:
    """A name for the wearer of some files: that of the only one, as far as it may be a pump's."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", paths[0].stem).strip("-_.") if len(paths) == 1 else ""
    return name or "wearer"


def _fetched(place: Place, asked: Asked, scratch: Path, progress: Progress) -> DataSettings:
    """The settings with data.root a folder into which the days of the site that can count were fetched."""
    until = asked.until if asked.until is not None else np.datetime64("now", "s")
    # The basal rate in force at the first record needed may have been told as long before it.
    first = (until - asked.back - LONGEST_SILENCE).astype("datetime64[D]")
    source = source_named(place.source)
    settings = source.with_address(asked.settings, place.address).model_copy(
        update={
            "root": str(scratch / "site"),
            "fetch": asked.settings.fetch.model_copy(update={"since": str(first)}),
        }
    )
    if source.fetch is not None:
        source.fetch(settings, progress)
    return settings


def _split_files(place: Place, pump_ids: Sequence[str], features: tuple[str, ...]) -> list[SplitFile]:
    """The files named; of folders the newest of each split, those that are there."""
    files = [read_split_file(path, features) for path in _split_paths(place)]
    if not files:
        raise DataError("the folder holds no file lstm_*.csv", todo="Name the folder of the pumps", file=place.folder)
    there = sorted({file.pump_id for file in files})
    for pump_id in pump_ids:
        if pump_id not in there:
            what = f"pump {pump_id} has no data in {place}; there are {listed(there)}"
            raise DataError(what, todo="Correct --pump")
    return [file for file in files if not pump_ids or file.pump_id in pump_ids]


def _split_paths(place: Place) -> list[Path]:
    if place.folder is None:
        return list(place.paths)
    by_folder: dict[Path, dict[str, Path]] = {}
    for path in sorted(place.folder.rglob("lstm_*.csv"), key=lambda path: path.name):
        by_folder.setdefault(path.parent, {})[path.name.split("_")[1]] = path
    return [path for splits in by_folder.values() for path in splits.values()]


def _require_one_pump(files: Sequence[SplitFile], place: Place) -> None:
    pumps = sorted({file.pump_id for file in files}, key=natural_order)
    if len(pumps) > 1:
        shown = ", ".join(pumps[:12]) + (" ..." if len(pumps) > 12 else "")
        raise SettingsError(f"{place} holds {len(pumps)} pumps. Choose one with --pump: {shown}")
