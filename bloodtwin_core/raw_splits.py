"""Which split files a run uses, and the proof that they have not changed since.

raw_pump_splits.json names every file with its sha256; whoever reads the records later refuses a changed file.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from bloodtwin_core.bloodbank import PumpSplitFiles, SplitFile, read_split_file
from bloodtwin_core.errors import ArtifactMissing
from bloodtwin_core.files import atomic_write, recover_folder, sha256_of
from bloodtwin_core.records import Split


class RawSplitFile(BaseModel):
    """One split file of one pump. path is relative to the artifact folder where the file lies in it, else absolute."""

    model_config = ConfigDict(frozen=True)

    pump_id: str
    split: Split
    path: Path
    sha256: str


class RawPumpSplits(BaseModel):
    """The split files of all pumps of a run; raw_pump_splits.json."""

    model_config = ConfigDict(frozen=True)

    source: str
    files: tuple[RawSplitFile, ...]

    @property
    def fingerprint(self) -> str:
        """One sha256 over all files: two runs with the same fingerprint saw the same records."""
        lines = sorted(f"{file.pump_id} {file.split} {file.sha256}" for file in self.files)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def write(self, path: Path) -> None:
        """Keep the list as JSON."""
        with atomic_write(path) as temporary:
            temporary.write_text(self.model_dump_json(indent=2) + "\n")


@dataclass(frozen=True)
class LoadedSplit:
    """A split file with its records."""

    pump_id: str
    split: Split
    file: SplitFile


def describe(source: str, pumps: Sequence[PumpSplitFiles], folder: Path) -> RawPumpSplits:
    """List a source's split files with their sha256; folder is the artifact folder."""
    files = [
        RawSplitFile(pump_id=pump.pump_id, split=split, path=_relative(path, folder), sha256=sha256_of(path))
        for pump in pumps
        for split, path in pump.files.items()
    ]
    return RawPumpSplits(source=source, files=tuple(files))


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
    loaded = []
    for file in raw.files:
        path = folder / file.path
        if not path.exists():
            raise ArtifactMissing(f"{path} is gone since raw_pump_splits listed it. Materialize raw_pump_splits again")
        if sha256_of(path) != file.sha256:
            raise ArtifactMissing(f"{path} changed since raw_pump_splits listed it. Materialize raw_pump_splits again")
        loaded.append(LoadedSplit(file.pump_id, file.split, read_split_file(path)))
    return loaded


def _relative(path: Path, folder: Path) -> Path:
    resolved = path.resolve()
    return resolved.relative_to(folder.resolve()) if resolved.is_relative_to(folder.resolve()) else resolved
