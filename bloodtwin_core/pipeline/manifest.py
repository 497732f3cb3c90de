"""manifest.json: what each stage left, by sha256, and what made it. It carries a sha256 of itself."""

import hashlib
import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ModelWrapValidatorHandler, ValidationError, computed_field, model_validator

from bloodtwin_core.common.errors import ArtifactMissing, in_brief

PACKAGES = ("torch", "lightning", "dagster", "pandas", "numpy", "scikit-learn", "onnx", "onnxruntime", "numba")
"""The packages whose versions can change a result."""


class StageRecord(BaseModel):
    """What one stage left: the sha256 of its files, by path relative to the artifact folder, and what made them.

    run names the run, empty where it has no name.
    """

    data_version: str
    files: dict[str, str]
    settings: dict[str, Any]
    python: str
    packages: dict[str, str]
    run: str = ""


class Manifest(BaseModel):
    """One record per stage, by the stage's name. A manifest from before it had a sha256 is believed."""

    stages: dict[str, StageRecord] = Field(default_factory=dict)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def sha256(self) -> str:
        """Over all records, so that a changed manifest is noticed as any other changed file is."""
        records = {name: json.loads(record.model_dump_json()) for name, record in self.stages.items()}
        return hashlib.sha256(json.dumps(records, sort_keys=True).encode()).hexdigest()

    @model_validator(mode="wrap")
    @classmethod
    def _require_own_sha256(cls, given: Any, handler: ModelWrapValidatorHandler["Manifest"]) -> "Manifest":
        read = handler(given)
        if isinstance(given, dict):
            is_unknown = bool(set(given) - {"stages", "sha256"})  # Such as a sha256 by a changed name.
            if is_unknown or given.get("sha256", read.sha256) != read.sha256:
                raise ValueError("it was changed since it was written")
        return read


def read_manifest(path: Path) -> Manifest:
    """The manifest; empty where there is none. Raises ArtifactMissing if it is damaged or was changed."""
    if not path.exists():
        return Manifest()
    try:
        return Manifest.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError) as error:
        brief = in_brief(error) if isinstance(error, ValidationError) else str(error)
        raise ArtifactMissing(f"{path} is damaged ({brief}). Delete it and materialize again") from error


def python_version() -> str:
    """The version of Python that runs."""
    return platform.python_version()


def package_versions() -> dict[str, str]:
    """The version of each of PACKAGES, or that it is not installed."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions
