"""The bloodBath CSV v2.0 files of pump records and the folders they lie in.

`pump_{serial}/{train,validate,test}/lstm_{split}_{stamp}.csv`: comment lines `# key: value`, then the columns of
COLUMNS and behind them those of extra features; timestamps are ISO 8601 with zone. Reading checks that a file can be
understood; whether its values make sense is told by checks/.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.csv_table import CsvTable, columns_of, first_true, line_of, read_table
from bloodtwin_core.common.errors import DataError, SettingsError, listed
from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.common.iso_times import utc_times
from bloodtwin_core.records import FEATURES, GLUCOSE_LIMITS, Feature, PumpRecords, Split, Timestamps, Values
from bloodtwin_core.records.clock import is_named, zone_of
from bloodtwin_core.records.pump_ids import PumpId, is_pump_id, pump_id_of
from bloodtwin_core.records.split_header import UTC_TIMESTAMPS, WEARER_ZONE, SplitHeader

DATA_VERSION = "2.0"
TIMESTAMP = "timestamp"
COLUMNS: tuple[str, ...] = (TIMESTAMP, *FEATURES)

PUMP_FOLDER = "pump_"
_ROWS_PER_WRITE = 100_000
"""Rows turned to text at a time, which bounds the memory that writing takes."""


@dataclass(frozen=True)
class SplitFile:
    """One split of one pump, with the file it was read from."""

    path: Path
    split: Split
    header: SplitHeader
    records: PumpRecords

    @property
    def pump_id(self) -> PumpId:
        """The pump's serial number."""
        return self.records.pump_id

    def line_of(self, record: int) -> int:
        """The 1-based line of a record (0-based). Reads the file again, so ask only about what is wrong."""
        return line_of(self.path, record)


@dataclass(frozen=True)
class PumpSplitFiles:
    """The files of one pump, one for each split."""

    pump_id: PumpId
    files: dict[Split, Path]

    def __post_init__(self) -> None:
        """Raise DataError, with a file of the pump, for what is no pump id."""
        pump_id_of(self.pump_id, file=next(iter(self.files.values()), None))


def find_split_files(root: Path, pump_ids: Sequence[str]) -> list[PumpSplitFiles]:
    """The newest file (by name) of each split of each pump under root; no pump_ids means all pumps there.

    Raises DataError if the folder, a pump or one of its splits is not there.
    """
    if not root.is_dir():
        raise DataError("the folder does not exist", todo="Point data.root to the folder of pump_* folders", file=root)
    if not pump_ids or not all(is_pump_id(pump_id) and _folder_of(root, pump_id).is_dir() for pump_id in pump_ids):
        pump_ids = _all_there(root, pump_ids)
    return [
        PumpSplitFiles(pump_id, {split: _newest(_folder_of(root, pump_id), split) for split in Split})
        for pump_id in dict.fromkeys(pump_ids)
    ]


def _folder_of(root: Path, pump_id: str) -> Path:
    return root / f"{PUMP_FOLDER}{pump_id}"


def _all_there(root: Path, pump_ids: Sequence[str]) -> Sequence[str]:
    """The pumps asked for, or all. It lists the folder, which may hold those of 100,000 people."""
    prefix = len(PUMP_FOLDER)
    there = sorted((path.name[prefix:] for path in root.glob(f"{PUMP_FOLDER}*") if path.is_dir()), key=natural_order)
    if not there:
        raise DataError("the folder holds no pump_* folder", todo="Point data.root to the folder of them", file=root)
    for pump_id in pump_ids:
        if pump_id not in there:
            raise DataError(
                f"pump {pump_id} has no data; there are {listed(there)}",
                todo=f"Correct data.pump_ids, or add the folder {PUMP_FOLDER}{pump_id}",
                file=root,
            )
    return pump_ids or there


def natural_order(name: str) -> tuple[tuple[int, str], ...]:
    """Sort key that puts pump 2 before pump 10."""
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name) if part)


def _newest(pump: Path, split: Split) -> Path:
    files = [path for path in (pump / split).glob(f"lstm_{split}_*.csv") if path.is_file()]
    if not files:
        raise DataError(
            f"{pump.name} has no {split} data: no file lstm_{split}_*.csv",
            todo="Write all three splits of the pump, or leave it out (data.pump_ids)",
            file=pump / split,
        )
    return max(files, key=lambda path: path.name)


def read_split_file(path: Path, features: tuple[str, ...] = FEATURES) -> SplitFile:
    """Read a file, whoever wrote it by this contract: extra keys and columns are kept apart, absent keys stay empty.

    The pump and the split are those of its folders, or else of its header. features are the contract's eight and the
    extra ones asked for; of an extra one for which the file has no column nothing is known. Raises DataError, with
    file, line and column, for a file that cannot be understood or holds no rows. What can be read but makes no sense is
    not refused.
    """
    there = FEATURES if features == FEATURES else _features_in(path, features)
    table = read_table(path, texts=[TIMESTAMP], numbers=there)
    header = SplitHeader.from_comments(table.comments)
    values = np.column_stack([table.numbers[feature] for feature in there]).astype(np.float32)
    pump_id, zone = _pump_of(path, header), _zone_in(header, path)
    records = PumpRecords(pump_id, utc_timestamps(table), values, there, zone).with_features(features)
    return SplitFile(path, _split_of(path, header), header, records)


def _features_in(path: Path, features: tuple[str, ...]) -> tuple[str, ...]:
    """The contract's eight, and those of the extra features that the file has."""
    columns = columns_of(path)
    return (*FEATURES, *(name for name in features[len(FEATURES) :] if name in columns))


def _zone_in(header: SplitHeader, path: Path) -> str:
    zone = header.wearer_zone
    if is_named(zone):
        try:
            zone_of(zone)
        except SettingsError as error:
            todo = f"Correct the line '# {WEARER_ZONE}: ...', for example to Europe/London, or remove it"
            raise DataError(f"{WEARER_ZONE} is '{zone[:200]}', which is no time zone", todo=todo, file=path) from error
    return zone


def _pump_of(path: Path, header: SplitHeader) -> PumpId:
    folder = path.absolute().parent.parent.name
    stated = folder.removeprefix(PUMP_FOLDER) if folder.startswith(PUMP_FOLDER) else header.pump_serial or path.stem
    return pump_id_of(stated, file=path)


def _split_of(path: Path, header: SplitHeader) -> Split:
    for stated in (path.absolute().parent.name, header.file_role, *path.stem.split("_")):
        for split in Split:
            if stated == split:
                return split
    todo = "Put it into a folder train, validate or test, or state file_role in its header"
    raise DataError("nothing tells which split the file is", todo=todo, file=path)


def utc_timestamps(table: CsvTable) -> Timestamps:
    """datetime64[s] [record] of the timestamp column; fractions are rounded to the second.

    Raises DataError, with file and line, for what is no ISO 8601 timestamp or has no zone.
    """
    text = table.texts[TIMESTAMP]
    times, zoned = utc_times(text)
    example = "Write it as 2024-03-01T00:05:00+00:00"
    if (row := first_true(np.isnat(times))) is not None:
        raise table.fault(row, TIMESTAMP, f"'{text[row]}' is not a timestamp", example)
    if (row := first_true(~zoned)) is not None:
        raise table.fault(row, TIMESTAMP, f"the timestamp '{text[row]}' has no zone", example)
    return times


def write_split_file(
    folder: Path,
    records: PumpRecords,
    split: Split,
    *,
    as_of: np.datetime64 | None = None,
    tz_handling: str = UTC_TIMESTAMPS,
    notes: str = "",
    extra: Mapping[str, str] | None = None,
) -> Path:
    """Write one split as `folder/pump_{id}/{split}/lstm_{split}_{stamp}.csv` and return its path.

    The stamp and generated_at_utc are as_of, the moment up to which the pump's history reaches (its last record's by
    default) and not the clock, so that the same records give the same bytes. float32 values are written with as many
    digits as it takes to read the same values back. Columns of extra features come last. extra are comment keys beyond
    the contract's; the wearer's zone is written where it is known. Raises StorageError if the place cannot be written.
    """
    if len(records) == 0:
        todo = "A split needs records: give the pump a longer history or leave it out (data.pump_ids)"
        raise DataError(f"pump {records.pump_id} has no {split} records to write", todo=todo)
    moment: datetime = (records.timestamps[-1] if as_of is None else as_of).astype("datetime64[s]").item()
    path = folder / f"{PUMP_FOLDER}{records.pump_id}" / split / f"lstm_{split}_{moment:%Y%m%dT%H%M%SZ}.csv"
    columns = (TIMESTAMP, *records.features)
    header = SplitHeader(
        data_version=DATA_VERSION,
        generated_at_utc=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        pump_serial=records.pump_id,
        file_role=split,
        date_range=f"{records.timestamps[0]}Z to {records.timestamps[-1]}Z",
        tz_handling=tz_handling,
        record_count=str(len(records)),
        columns=",".join(columns),
        bg_range_policy=f"clipped to {GLUCOSE_LIMITS.low:g}-{GLUCOSE_LIMITS.high:g} {GLUCOSE_LIMITS.unit} and flagged",
        bg_clipped_count=str(int((records.feature(Feature.bg_clip_flag) == 1).sum())),
        bg_missing_count=str(int((records.feature(Feature.bg_missing_flag) == 1).sum())),
        notes=notes,
        extra={**({WEARER_ZONE: records.wearer_zone} if is_named(records.wearer_zone) else {}), **(extra or {})},
    )
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write("\n".join([*header.lines(), ",".join(columns)]) + "\n")
        for start in range(0, len(records), _ROWS_PER_WRITE):
            _write_rows(file, records.rows(start, start + _ROWS_PER_WRITE))
    return path


def _write_rows(file: TextIO, records: PumpRecords) -> None:
    stamps = np.strings.add(np.datetime_as_string(records.timestamps, unit="s"), "Z")
    columns = [stamps.tolist(), *(_shortest_text(column) for column in records.values.T)]
    file.writelines(",".join(row) + "\n" for row in zip(*columns, strict=True))


def _shortest_text(values: Values) -> list[str]:
    """Shortest decimals that read back as the same float32, empty for NaN. Most columns repeat few values."""
    different, place = np.unique(values, return_inverse=True)
    text: npt.NDArray[np.object_] = different.astype(str).astype(object)
    text[np.isnan(different)] = ""
    texts: list[str] = text[place].tolist()
    return texts
