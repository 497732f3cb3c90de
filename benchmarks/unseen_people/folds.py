"""People left out of training, a fold at a time, and the networks that learned from everybody else."""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.config import Settings
from bloodtwin_core.network.checkpoint import Checkpoint, load_checkpoint
from bloodtwin_core.pipeline.preparing import SPLIT_FILES, list_split_files, prepare_loaded, windows_of
from bloodtwin_core.records import Split
from bloodtwin_core.records.raw_splits import LoadedSplit, load_splits
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.fit import fit
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.past import with_past
from bloodtwin_core.windows.storage import fingerprint_of

logger = logging.getLogger("benchmarks.unseen_people")


@dataclass(frozen=True)
class LeftOut:
    """One fold: its pumps and their windows, the network of everybody else, and a folder to work in."""

    pumps: list[str]
    windows: WindowedSeries
    base: Checkpoint
    folder: Path


def folds_of(pumps: Sequence[str], wearers: dict[str, list[str]], folds: int) -> list[list[str]]:
    """The pumps in folds of about equal size; those of one wearer together, each pump once."""
    wearer_of = {pump: name for name, worn in wearers.items() for pump in worn}
    people: dict[str, list[str]] = {}
    for pump in pumps:
        people.setdefault(wearer_of.get(pump, pump), []).append(pump)
    if not 2 <= folds <= len(people):
        raise SettingsError(f"--folds is {folds}, but must be from 2 to the number of people, {len(people)}")
    dealt = [list(people.values())[fold::folds] for fold in range(folds)]
    return [[pump for worn in fold for pump in worn] for fold in dealt]


def left_out_folds(settings: Settings, folder: Path, folds: int) -> Iterator[LeftOut]:
    """Every fold in turn, its network trained now unless an earlier run left it in the folder."""
    loaded = load_splits(list_split_files(settings.data, folder / SPLIT_FILES, folder), folder)
    tested = list(dict.fromkeys(part.pump_id for part in loaded if part.split is Split.test))
    for number, pumps in enumerate(folds_of(tested, settings.data.wearers, folds), start=1):
        logger.info("fold %d of %d leaves out %s", number, folds, ", ".join(pumps))
        own = folder / f"fold_{number}"
        base = _base([part for part in loaded if part.pump_id not in pumps], settings, own)
        theirs = [part for part in loaded if part.pump_id in pumps]
        yield LeftOut(pumps, windows_of(theirs, base.scaler, settings.data), base, own)


def _base(others: Sequence[LoadedSplit], settings: Settings, folder: Path) -> Checkpoint:
    """The network of everybody else, trained now unless an earlier run of the study left it."""
    prepared = prepare_loaded(others, settings.data)
    windows, scaler = prepared.windows, prepared.scaler
    if settings.model.past:
        windows, scaler = with_past(windows), scaler.with_past()
    fingerprint, checkpoints = fingerprint_of(windows), CheckpointFolder(folder / "checkpoints")
    made_with = folder / "settings.json"
    wanted = json.dumps({**settings.used("data", "model", "training"), "windows": fingerprint}, indent=2)
    if not (checkpoints.best.exists() and made_with.exists() and made_with.read_text() == wanted):
        fit(windows, scaler, settings.model, settings.training, checkpoints, folder / "tensorboard", fingerprint)
        with atomic_write(made_with) as temporary:
            temporary.write_text(wanted)
    return load_checkpoint(checkpoints.best)
