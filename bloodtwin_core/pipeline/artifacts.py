"""The one place that knows file names under artifacts/{name}/; what a stage left there, and whether it still stands."""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.common.files import atomic_write, clear_leftovers, recover_folder
from bloodtwin_core.common.hashes import Hashes
from bloodtwin_core.common.locks import Owner, holder_of
from bloodtwin_core.common.shared.bucket import Address
from bloodtwin_core.common.shared.copy import is_copy, join
from bloodtwin_core.pipeline.manifest import Manifest, StageRecord, package_versions, python_version, read_manifest
from bloodtwin_core.records.pump_ids import pump_id_of
from bloodtwin_core.serving.alarm_rules import ALARMS

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ArtifactStore:
    """The files of one model under artifacts/{name}/.

    owner is the run that writes there, hashes what it has hashed already; stores of one run share both.
    """

    folder: Path
    owner: Owner = field(default_factory=Owner, compare=False, repr=False)
    hashes: Hashes = field(default_factory=Hashes, compare=False, repr=False)

    @property
    def raw_splits(self) -> Path:
        """Which split files of which pump the run uses."""
        return self.folder / "raw_pump_splits.json"

    @property
    def split_files(self) -> Path:
        """Split files written by a source that has only whole histories."""
        return self.folder / "pump_splits"

    @property
    def scaler_json(self) -> Path:
        """The scaler, as numbers."""
        return self.folder / "scaler.json"

    @property
    def scaler_pickle(self) -> Path:
        """The scaler, as a scikit-learn object."""
        return self.folder / "scaler.pkl"

    @property
    def windows(self) -> Path:
        """Folder of the series and its forecast origins."""
        return self.folder / "windows"

    @property
    def checkpoints(self) -> Path:
        """Folder of best.ckpt and last.ckpt."""
        return self.folder / "checkpoints"

    @property
    def personal(self) -> Path:
        """Folder of the fine-tuned checkpoints that were accepted, one a pump, and of what became of each."""
        return self.checkpoints / "personal"

    @property
    def tensorboard(self) -> Path:
        """TensorBoard logs, a folder per training."""
        return self.folder / "tensorboard"

    @property
    def plots(self) -> Path:
        """PNG pictures."""
        return self.folder / "plots"

    @property
    def test_results(self) -> Path:
        """Metrics of the forecaster and its baselines."""
        return self.folder / "test_results.yaml"

    @property
    def test_forecasts(self) -> Path:
        """Folder of what was forecast for every test window, with what was measured."""
        return self.folder / "test_forecasts"

    @property
    def report(self) -> Path:
        """The report on the test, one HTML file."""
        return self.folder / "report.html"

    @property
    def alarms(self) -> Path:
        """How likely a low or a high has to be before it is spoken of, for the service."""
        return self.folder / ALARMS

    @property
    def torchscript(self) -> Path:
        """The TorchScript export."""
        return self.folder / "model.ts"

    @property
    def onnx(self) -> Path:
        """The ONNX export."""
        return self.folder / "model.onnx"

    @property
    def test_vector(self) -> Path:
        """Made-up records and what the ONNX export forecasts from them, for ports to check themselves against."""
        return self.folder / "test_vector.json"

    @property
    def onnx_int8(self) -> Path:
        """The ONNX export with 8-bit weights, there only if it was asked for and good enough."""
        return self.folder / "model_int8.onnx"

    @property
    def onnx_streaming(self) -> Path:
        """The ONNX export that takes one record at a time."""
        return self.folder / "model_streaming.onnx"

    @property
    def control_trial(self) -> Path:
        """What suspensions by the forecasts of published versions came to on virtual wearers."""
        return self.folder / "control_trial.json"

    @property
    def latest_forecasts(self) -> Path:
        """The coming hour of each pump as it was last forecast, for those without the live service."""
        return self.folder / "latest_forecasts.json"

    @property
    def published(self) -> Path:
        """Folder of the published versions, which has a lock of its own: see publishing/store.py."""
        return self.folder / "published"

    @property
    def version_sources(self) -> Path:
        """Folder of the files that published versions were trained from, apart from what others are given of them."""
        return self.folder / "version_sources"

    @property
    def people(self) -> Path:
        """Folder of the personal models of many people; each has a manifest and a lock of its own."""
        return self.folder / "people"

    @property
    def personal_model(self) -> Path:
        """In the folder of one of many people: what became of the copy, and the copy where it was accepted."""
        return self.folder / "model"

    @property
    def manifest_path(self) -> Path:
        """The manifest's file."""
        return self.folder / "manifest.json"

    def of_person(self, pump_id: str, owner: Owner | None = None) -> "ArtifactStore":
        """The files of one of many people. Raises DataError for what no pump can be called."""
        return ArtifactStore(self.people / pump_id_of(pump_id), owner or Owner(run=self.owner.run, waits=True))

    def join(self, shared: str) -> None:
        """Let the store be a copy of this model's artifacts at an address that machines share; nothing for no address.

        What is published is shared apart, so that one can roll back while a run is at work elsewhere; the models of
        many people, each of which has a lock of its own, are not shared. Raises SettingsError if it is a copy of
        something else.
        """
        if shared:
            address = Address.of(shared) / self.folder.name
            join(self.folder, address / "artifacts", apart=(self.published.name, self.people.name))
            join(self.published, address / self.published.name)

    def refresh(self) -> None:
        """Have here what other machines left, where the store is shared, and hold nothing; else do nothing.

        Raises FolderInUse if a run is at work on this machine, and what SharedCopy.fetch raises.
        """
        if is_copy(self.folder):
            with Owner(only_fetches=True).holding(self.folder):
                pass

    def keep_picture(self, name: str, png: bytes) -> Path:
        """Keep a PNG picture under its name, for reports, and return its path."""
        path = self.picture(name)
        with atomic_write(path) as temporary:
            temporary.write_bytes(png)
        return path

    def picture(self, name: str) -> Path:
        """Where the picture of that name is kept."""
        return self.plots / f"{name.replace(' ', '_')}.png"

    @contextmanager
    def owned(self, sends: bool = True) -> Iterator[None]:
        """Be the only one that writes here meanwhile; whoever comes first clears away what killed runs left.

        sends: whether others get what is here afterwards, where the store is shared. Not of a block that only takes the
        store: an earlier stage that failed may have left half of its files.

        Raises FolderInUse if another run is at work here.
        """
        with self.owner.holding(self.folder, sends) as taken:
            if taken and (cleared := clear_leftovers(self.folder, besides=(self.published, self.people))):
                logger.info("Cleared away %d files that a run broken off by a kill left in %s", cleared, self.folder)
            if taken and is_copy(self.published):
                # Here, because publishing brings evaluation, which a forecast from a folder does without.
                from bloodtwin_core.publishing.store import PublishedStore

                PublishedStore(self.published).refresh()
            yield

    def manifest(self) -> Manifest:
        """What all stages have left; empty before the first. Raises ArtifactMissing if the file is damaged."""
        return read_manifest(self.manifest_path)

    def version_of(self, stage: str) -> str:
        """The data version that a stage left. Raises ArtifactMissing if the manifest knows nothing of it."""
        return self.recorded(stage).data_version

    def recorded(self, stage: str) -> StageRecord:
        """What the manifest says of a stage. Raises ArtifactMissing if it knows nothing of it."""
        record = self.manifest().stages.get(stage)
        if record is None:
            raise ArtifactMissing(f"{self.manifest_path} knows nothing of {stage}. Materialize {stage} first")
        return record

    def record(self, stage: str, files: Sequence[Path], data_version: str, settings: dict[str, Any]) -> None:
        """Write down in the manifest what a stage has just left. Raises FolderInUse if another run is at work here."""
        with self.owned():
            manifest = self.manifest()
            manifest.stages[stage] = StageRecord(
                data_version=data_version,
                files={self._name(path): self._left(path, stage) for path in files},
                settings=settings,
                python=python_version(),
                packages=package_versions(),
                run=self.owner.run,
            )
            with atomic_write(self.manifest_path) as path:
                path.write_text(manifest.model_dump_json(indent=2) + "\n")

    def _left(self, path: Path, stage: str) -> str:
        """The sha256 of a file that a stage has just left. Raises ArtifactMissing if it was removed already."""
        try:
            return self.hashes.of(path)
        except FileNotFoundError as error:
            raise ArtifactMissing(f"{path} was removed while {stage} was at work. Materialize {stage} again") from error

    def require_unchanged(self, stage: str, *places: Path) -> None:
        """Raise ArtifactMissing unless these files and folders are, byte for byte, what a stage left there."""
        listed = self.recorded(stage).files
        for place in places:
            recover_folder(place)
            name = self._name(place)
            known = {file for file in listed if file == name or file.startswith(f"{name}/")}
            there = {self._name(path) for path in place.rglob("*") if path.is_file()} if place.is_dir() else {name}
            for file in sorted(known | there):
                if fault := self._fault(stage, file, listed.get(file)):
                    raise ArtifactMissing(f"{fault}{self._who()}. Materialize {stage} again")

    def faults(self, stage: str) -> list[str]:
        """Every file of a stage that is gone or was changed since, in words."""
        listed = self.recorded(stage).files.items()
        return [fault for file, sha256 in listed if (fault := self._fault(stage, file, sha256))]

    def _fault(self, stage: str, file: str, sha256: str | None) -> str:
        path = self.folder / file
        if not path.is_file():
            return f"{path} is not there any more since {stage} left it"
        if sha256 is None:
            return f"{path} was not left by {stage}"
        if self.hashes.of(path) != sha256:
            return f"{path} changed since {stage} left it: its sha256 is not the manifest's"
        return ""

    def _who(self) -> str:
        holder = holder_of(self.folder)
        return f" ({holder} is at work there, or was killed)" if holder and holder.pid != os.getpid() else ""

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()
