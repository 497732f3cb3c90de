"""The one place that knows file names under artifacts/{name}/, and the manifest of what is there."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from bloodtwin_core.common.errors import ArtifactMissing, in_brief
from bloodtwin_core.common.files import atomic_write, sha256_of

PACKAGES = ("torch", "lightning", "dagster", "pandas", "numpy", "scikit-learn", "onnx", "onnxruntime", "numba")
"""The packages whose versions can change a result."""


class StageRecord(BaseModel):
    """What one stage left: the sha256 of its files, by path relative to the artifact folder, and what made them."""

    data_version: str
    files: dict[str, str]
    settings: dict[str, Any]
    python: str
    packages: dict[str, str]


class Manifest(BaseModel):
    """manifest.json: one record per stage, by the stage's name."""

    stages: dict[str, StageRecord] = Field(default_factory=dict)


@dataclass(frozen=True)
class ArtifactStore:
    """The files of one model under artifacts/{name}/."""

    folder: Path

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
    def torchscript(self) -> Path:
        """The TorchScript export."""
        return self.folder / "model.ts"

    @property
    def onnx(self) -> Path:
        """The ONNX export."""
        return self.folder / "model.onnx"

    @property
    def onnx_int8(self) -> Path:
        """The ONNX export with 8-bit weights, there only if it was asked for and good enough."""
        return self.folder / "model_int8.onnx"

    @property
    def onnx_streaming(self) -> Path:
        """The ONNX export that takes one record at a time."""
        return self.folder / "model_streaming.onnx"

    @property
    def manifest_path(self) -> Path:
        """The manifest's file."""
        return self.folder / "manifest.json"

    def keep_picture(self, name: str, png: bytes) -> Path:
        """Keep a PNG picture under its name, for reports, and return its path."""
        path = self.picture(name)
        with atomic_write(path) as temporary:
            temporary.write_bytes(png)
        return path

    def picture(self, name: str) -> Path:
        """Where the picture of that name is kept."""
        return self.plots / f"{name.replace(' ', '_')}.png"

    def manifest(self) -> Manifest:
        """What all stages have left; empty before the first. Raises ArtifactMissing if the file is damaged."""
        if not self.manifest_path.exists():
            return Manifest()
        try:
            return Manifest.model_validate_json(self.manifest_path.read_text())
        except ValidationError as error:
            raise ArtifactMissing(
                f"{self.manifest_path} is damaged ({in_brief(error)}). Delete it and materialize again"
            ) from error

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
        """Write down in the manifest what a stage has just left."""
        manifest = self.manifest()
        manifest.stages[stage] = StageRecord(
            data_version=data_version,
            files={path.relative_to(self.folder).as_posix(): sha256_of(path) for path in files},
            settings=settings,
            python=platform.python_version(),
            packages=_package_versions(),
        )
        with atomic_write(self.manifest_path) as path:
            path.write_text(manifest.model_dump_json(indent=2) + "\n")


def _package_versions() -> dict[str, str]:
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions
