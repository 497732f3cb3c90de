"""Which split files a run uses, and the proof that they have not changed since.

raw_pump_splits.json names every file with its sha256; whoever reads the records later refuses a changed file.
"""

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from bloodtwin_core.common.errors import ArtifactMissing, SettingsError, listed
from bloodtwin_core.common.files import atomic_write, recover_folder, sha256_of
from bloodtwin_core.records import FEATURES, PumpRecords, Split, features_with
from bloodtwin_core.records.pump_ids import PumpId
from bloodtwin_core.records.split_files import PumpSplitFiles, SplitFile, read_split_file


class RawSplitFile(BaseModel):
    """One split file of one pump. path is relative to the artifact folder where the file lies in it, else absolute.

    A train_only pump is only trained on: whatever the file's own split, its records count as train. A held_out pump is
    only tested on: its train and validate files are there, but nobody learns from them or chooses by them. Lists that
    earlier versions wrote say learnt_only for train_only, and so does the text of the fingerprint still.
    """

    model_config = ConfigDict(frozen=True)

    pump_id: PumpId
    split: Split
    path: Path
    sha256: str
    train_only: bool = Field(default=False, validation_alias=AliasChoices("train_only", "learnt_only"))
    held_out: bool = False


class RawPumpSplits(BaseModel):
    """The split files of all pumps of a run, and the extra features read from them; raw_pump_splits.json."""

    model_config = ConfigDict(frozen=True)

    source: str
    files: tuple[RawSplitFile, ...]
    extra_features: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """One sha256 over all files: two runs with the same fingerprint saw the same records."""
        lines = sorted(
            f"{file.pump_id} {file.split} {file.sha256}{' learnt only' * file.train_only}{' held out' * file.held_out}"
            for file in self.files
        )
        lines += [f"extra feature {name}" for name in self.extra_features]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @property
    def held_out_pump_ids(self) -> list[str]:
        """Pumps that are only tested on."""
        return list(dict.fromkeys(file.pump_id for file in self.files if file.held_out))

    @property
    def train_only_pump_ids(self) -> list[str]:
        """Pumps that are only trained on."""
        return list(dict.fromkeys(file.pump_id for file in self.files if file.train_only))

    def write(self, path: Path) -> None:
        """Keep the list as JSON."""
        with atomic_write(path) as temporary:
            temporary.write_text(self.model_dump_json(indent=2) + "\n")


@dataclass(frozen=True)
class LoadedSplit:
    """A split file with its records; train_only and held_out as in RawSplitFile."""

    pump_id: str
    split: Split
    file: SplitFile
    train_only: bool = False
    held_out: bool = False

    @property
    def records(self) -> PumpRecords:
        """The file's records, under the name that the pump has in this run."""
        return dataclasses.replace(self.file.records, pump_id=self.pump_id)


def describe(
    source: str,
    pumps: Sequence[PumpSplitFiles],
    folder: Path,
    train_only: Sequence[PumpSplitFiles] = (),
    held_out: Sequence[str] = (),
    extra_features: Sequence[str] = (),
) -> RawPumpSplits:
    """List a source's split files with their sha256; folder is the artifact folder.

    train_only are pumps of other sources. extra_features is data.extra_features. Raises SettingsError for an unknown
    extra feature, and if held_out names a pump that the source does not have, since it would be learnt from under its
    true name, or all of them.
    """
    extra = features_with(extra_features)[len(FEATURES) :]
    there = [pump.pump_id for pump in pumps]
    if unknown := [pump_id for pump_id in held_out if pump_id not in there]:
        raise SettingsError(
            f"data.held_out_pump_ids names {', '.join(unknown)}, which data.source does not have. There are "
            f"{listed(there)}"
        )
    if there and set(there) <= set(held_out):
        raise SettingsError("data.held_out_pump_ids holds every pump out. Leave one at least to train and choose by")
    files = [
        RawSplitFile(
            pump_id=pump.pump_id,
            split=split,
            path=_relative(path, folder),
            sha256=sha256_of(path),
            held_out=pump.pump_id in held_out,
        )
        for pump in pumps
        for split, path in pump.files.items()
    ]
    files += [
        RawSplitFile(
            pump_id=pump.pump_id,
            split=Split.train,
            path=_relative(path, folder),
            sha256=sha256_of(path),
            train_only=True,
        )
        for pump in train_only
        for path in pump.files.values()
    ]
    return RawPumpSplits(source=source, files=tuple(files), extra_features=extra)


def read_raw_splits(path: Path) -> RawPumpSplits:
    """The list that describe made. Raises ArtifactMissing if it is not there or not readable."""
    try:
        return RawPumpSplits.model_validate_json(path.read_text())
    except (OSError, ValueError) as error:
        raise ArtifactMissing.unreadable(path, error, "raw_pump_splits") from error


def load_splits(raw: RawPumpSplits, folder: Path) -> list[LoadedSplit]:
    """Read the records of every listed file.

    Raises ArtifactMissing if a file is gone or changed since it was listed, DataError if it cannot be read.
    """
    for written in {file.path.parts[0] for file in raw.files if not file.path.is_absolute()}:
        recover_folder(folder / written)
    features = features_with(raw.extra_features)
    loaded = []
    for file in raw.files:
        if fault := _fault(file, folder):
            raise ArtifactMissing(f"{fault}. Materialize raw_pump_splits again")
        split_file = read_split_file(folder / file.path, features)
        loaded.append(LoadedSplit(file.pump_id, file.split, split_file, file.train_only, file.held_out))
    return loaded


def changed_files(raw: RawPumpSplits, folder: Path) -> list[str]:
    """Every listed file that is gone or changed since it was listed, in words."""
    return [fault for file in raw.files if (fault := _fault(file, folder))]


def _fault(file: RawSplitFile, folder: Path) -> str:
    path = folder / file.path
    if not path.exists():
        return f"{path} is gone since raw_pump_splits listed it"
    return "" if sha256_of(path) == file.sha256 else f"{path} changed since raw_pump_splits listed it"


def scaler_records(loaded: Sequence[LoadedSplit]) -> list[PumpRecords]:
    """What the scaler is fitted on: the train splits of data.source, without held-out pumps.

    Train-only people do not move it, so that the same people keep the same scaled inputs whoever else is trained on,
    and networks can be compared.
    """
    return [
        split.records for split in loaded if split.split is Split.train and not split.train_only and not split.held_out
    ]


def window_records(loaded: Sequence[LoadedSplit]) -> list[tuple[Split, PumpRecords]]:
    """What windows are cut from: every split, but of held-out pumps the test split alone."""
    return [(split.split, split.records) for split in loaded if split.split is Split.test or not split.held_out]


def _relative(path: Path, folder: Path) -> Path:
    resolved = path.resolve()
    return resolved.relative_to(folder.resolve()) if resolved.is_relative_to(folder.resolve()) else resolved
