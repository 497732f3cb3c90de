"""Train-only people: other sources, all of whose records go to the train split.

Their pump ids begin with the name of their source, azt1d_3 or brist1d_P02, so that no two are the same.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.common.progress import Progress, silent
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.sources import TrainOnlySource
from bloodtwin_core.records.split_files import PumpSplitFiles
from bloodtwin_core.records.splitting import split_train_only
from bloodtwin_core.sources.registry import sources
from bloodtwin_core.sources.splits import split_files_of

_FOLDER = "_learnt_also_"
"""Part of the name of a folder beside pump_splits; it stays, so that those of earlier versions are replaced."""

_NOTHING_MORE = {"learn_also_from": [], "held_out_pump_ids": [], "wearers": {}, "join_wearers": False}
"""What is set for data.source alone."""


def train_only_split_files(
    settings: DataSettings, main: Sequence[PumpSplitFiles], folder: Path, progress: Progress = silent
) -> list[PumpSplitFiles]:
    """The files of every pump of data.learn_also_from; main are those of data.source.

    What a source writes goes to a folder of its own beside folder, and replaces what an earlier run left there. Files
    that were split already (bloodbank) are named as they are, all of them train-only. Raises SettingsError for an
    unknown source and for a pump that is in data.source as well or comes twice, and what the source raises.
    """
    pumps: list[PumpSplitFiles] = []
    written: set[Path] = set()
    for number, also in enumerate(settings.learn_also_from, start=1):
        alone = settings.model_copy(update={**_NOTHING_MORE, **also.model_dump()})
        place = folder.with_name(f"{folder.name}{_FOLDER}{number}_{also.source}")
        trained = split_files_of(alone, place, progress, split_train_only)
        _refuse_tested(settings, main, also, trained)
        written.add(place)
        pumps += [PumpSplitFiles(f"{also.source}_{pump.pump_id}", pump.files) for pump in trained]
    _refuse_twice(pumps)
    for left in folder.parent.glob(f"{folder.name}{_FOLDER}*"):
        if left not in written:
            shutil.rmtree(left)
    return pumps


def _refuse_tested(
    settings: DataSettings, main: Sequence[PumpSplitFiles], also: TrainOnlySource, trained: Sequence[PumpSplitFiles]
) -> None:
    """The same person in both would be trained on what is tested."""
    if also.source != settings.source:
        return
    if not sources()[also.source].ids_are_people and not _same_place(also.root, settings.root):
        return
    tested = {pump.pump_id for pump in main}
    if settings.join_wearers:  # Joined pumps of data.source stand under their wearer's name, trained under their own.
        tested |= {pump_id for wearer in tested for pump_id in settings.wearers.get(wearer, [])}
    twice = sorted(tested & {pump.pump_id for pump in trained})
    if twice:
        raise SettingsError(
            f"data.learn_also_from names pumps of {also.source} that are in data.source too: {', '.join(twice)}. Their "
            "test days would be learnt from. Give each of the two pump_ids of its own"
        )


def _same_place(one: str, other: str) -> bool:
    """Whether two roots hold the same files: the same folder, or one within the other."""
    first, second = given_path(one).resolve(), given_path(other).resolve()
    return first.is_relative_to(second) or second.is_relative_to(first)


def _refuse_twice(pumps: Sequence[PumpSplitFiles]) -> None:
    names = [pump.pump_id for pump in pumps]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingsError(
            f"data.learn_also_from gives {', '.join(twice)} more than once. Leave the repetition out, or give each "
            "entry pump_ids of its own"
        )
