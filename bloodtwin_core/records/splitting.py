"""Each pump's history cut in time into what is learned from, chosen by and tested on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bloodtwin_core.common.errors import DataError, StorageError
from bloodtwin_core.common.files import atomic_folder
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import PumpHistory, PumpRecords, Split, features_with
from bloodtwin_core.records.segments import without_long_gaps
from bloodtwin_core.records.split_files import (
    PUMP_FOLDER,
    PumpSplitFiles,
    natural_order,
    write_split_file,
)
from bloodtwin_core.records.split_header import UTC_TIMESTAMPS

Cut = Callable[[PumpHistory, DataSettings], dict[Split, PumpRecords]]
"""How a history becomes splits."""


def split_in_time(records: PumpRecords, settings: DataSettings) -> dict[Split, PumpRecords]:
    """The oldest train_fraction of the records, the next validate_fraction, and the rest to test on.

    Counted in records and in time order, so that nothing is trained on that came after what it is tested on.
    Raises DataError if a split would stay empty.
    """
    train_end = round(len(records) * settings.train_fraction)
    validate_end = round(len(records) * (settings.train_fraction + settings.validate_fraction))
    if not 0 < train_end < validate_end < len(records):
        raise DataError(
            f"pump {records.pump_id} has {len(records)} records, too few to train, validate and test on",
            todo="Give it a longer history, leave it out (data.pump_ids), or change data.train_fraction",
        )
    return {
        Split.train: records.rows(0, train_end),
        Split.validate: records.rows(train_end, validate_end),
        Split.test: records.rows(validate_end, len(records)),
    }


def split_history(history: PumpHistory, settings: DataSettings) -> dict[Split, PumpRecords]:
    """The history in time, with the records that are train-only in front of the train split, its newest days alone.

    Raises DataError if a split would stay empty.
    """
    records, first = _newest(history.records, settings.newest_days), 0
    if history.tested_from is not None:
        first = int(np.searchsorted(records.timestamps, history.tested_from))
    parts = split_in_time(records.rows(first, len(records)), settings)
    return {**parts, Split.train: records.rows(0, first + len(parts[Split.train]))}


def _newest(records: PumpRecords, days: int) -> PumpRecords:
    """The records of so many days before the newest, or all of them."""
    if not days or not len(records):
        return records
    since = records.timestamps[-1] - np.timedelta64(days, "D")
    return records.rows(int(np.searchsorted(records.timestamps, since, side="right")), len(records))


def split_train_only(history: PumpHistory, _settings: DataSettings) -> dict[Split, PumpRecords]:
    """The whole history in the train split, of a source that is train-only."""
    return {Split.train: history.records}


def held_out_in_fold(pump_ids: Sequence[str], fold: int, folds: int = 5) -> list[str]:
    """The pumps that one fold (1 to folds) of a study over people holds out: every folds-th, from the fold-th on.

    Each pump is held out in exactly one fold. Raises ValueError if there is no such fold.
    """
    if not 1 <= fold <= folds:
        raise ValueError(f"there are folds 1 to {folds}, not {fold}")
    return sorted(set(pump_ids), key=natural_order)[fold - 1 :: folds]


def _nothing_more(_history: PumpRecords) -> Mapping[str, str]:
    return {}


def write_split_files(
    histories: Iterable[PumpRecords | PumpHistory],
    settings: DataSettings,
    folder: Path,
    *,
    tz_handling: str = UTC_TIMESTAMPS,
    notes: str = "",
    extra: Callable[[PumpRecords], Mapping[str, str]] = _nothing_more,
    cut: Cut = split_history,
) -> list[PumpSplitFiles]:
    """Split each history and write it under folder as bloodBath CSV v2.0.

    The folder is replaced whole once all pumps are written: files of an earlier run do not stay beside the new ones,
    and if a history cannot be read or written what stood there stays. Gaps longer than max_gap_hours are taken out
    first, so that a segment ends there. The same histories give the same bytes. extra gives comment keys beyond the
    contract's for each history. Files hold the contract's eight features and data.extra_features.
    Raises SettingsError for an unknown extra feature, StorageError if the folder holds anything but pumps or cannot be
    written, DataError if there is no history.
    """
    features = features_with(settings.extra_features)
    _refuse_foreign_files(folder)
    written: list[PumpSplitFiles] = []
    with atomic_folder(folder) as temporary:
        for given in histories:
            whole = given if isinstance(given, PumpHistory) else PumpHistory(given)
            records = without_long_gaps(whole.records.with_features(features), settings.max_gap_hours)
            files = {
                split: write_split_file(
                    temporary,
                    part,
                    split,
                    as_of=records.timestamps[-1],
                    tz_handling=tz_handling,
                    notes=notes,
                    extra=extra(records),
                )
                for split, part in cut(replace(whole, records=records), settings).items()
            }
            in_place = {split: folder / path.relative_to(temporary) for split, path in files.items()}
            written.append(PumpSplitFiles(records.pump_id, in_place))
        if not written:
            raise DataError("the source has no pump", todo="Check data.root and data.pump_ids")
    return written


def _refuse_foreign_files(folder: Path) -> None:
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    foreign = sorted(name for name in names if not name.startswith((PUMP_FOLDER, ".")))
    if foreign:
        raise StorageError(
            f"{folder} holds '{foreign[0]}', which would be lost when its pumps are replaced. Choose an empty folder"
        )
