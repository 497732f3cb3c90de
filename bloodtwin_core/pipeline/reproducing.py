"""A published version trained again, from what was kept with it, and held against it byte for byte."""

from dataclasses import dataclass
from pathlib import Path

from bloodtwin_core.common.errors import ArtifactMissing, SettingsError
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.config import Settings
from bloodtwin_core.pipeline.alarms import alarm_stage
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.exports import onnx_stage, streaming_stage, torchscript_stage
from bloodtwin_core.pipeline.manifest import package_versions, python_version
from bloodtwin_core.pipeline.preparing import SPLIT_FILES
from bloodtwin_core.pipeline.scaler import scaler_stage
from bloodtwin_core.pipeline.training import train_stage
from bloodtwin_core.pipeline.windows import windows_stage
from bloodtwin_core.publishing.code import code_now
from bloodtwin_core.publishing.kept import KeptFiles
from bloodtwin_core.publishing.manifest import Code, VersionManifest
from bloodtwin_core.publishing.store import CHECKPOINT_FILE, PublishedStore
from bloodtwin_core.records.raw_splits import RawPumpSplits
from bloodtwin_core.sources.settings import settings_model
from bloodtwin_core.training import CheckpointFolder


@dataclass(frozen=True)
class Reproduced:
    """What a version came to when it was trained again: each of its files that training and exports make, by name.

    other_code: how today's program differs from the one that made it, in words; empty where it does not.
    """

    version: str
    same: tuple[str, ...]
    differing: tuple[str, ...]
    other_code: tuple[str, ...]


def version_to_reproduce(store: ArtifactStore, version: str) -> VersionManifest:
    """The version of this name, without one that in use.

    Raises SettingsError if there is none, ArtifactMissing if it is not whole or what it was trained from was not kept.
    """
    published = PublishedStore(store.published)
    pointer = published.pointer
    asked = version or (pointer.version if pointer else "")
    if asked not in published.versions():
        there = ", ".join(published.versions()) or "none"
        raise SettingsError(f"'{asked}' is not among the versions kept in {published.folder}: {there}")
    manifest = published.manifest(asked)
    if not KeptFiles(store.version_sources).holds(manifest.sources):
        raise ArtifactMissing(
            f"{store.version_sources} does not hold all that {asked} was trained from. publishing.keep_sources_mib "
            "bounds what is kept of versions to come"
        )
    return manifest


def reproduce(store: ArtifactStore, manifest: VersionManifest, folder: Path) -> Reproduced:
    """Train a version again in a folder of its own, from its records and settings, and compare.

    The store stays as it is. A training that was broken off in the folder goes on. Raises ArtifactMissing if what was
    kept was damaged, and what the stages raise.
    """
    again, settings = ArtifactStore(folder), settings_of(manifest)
    start = _restored(KeptFiles(store.version_sources), manifest, again, settings)
    scaler_stage(again, settings)
    windows_stage(again, settings)
    train_stage(again, settings, start_from=start)
    alarm_stage(again, settings)
    torchscript_stage(again, settings)
    onnx_stage(again, settings)
    streaming_stage(again, settings)
    made = {path.name: path for path in _made(again) if path.name in manifest.files}
    same = [name for name, path in made.items() if sha256_of(path) == manifest.files[name]]
    return Reproduced(
        version=manifest.version,
        same=tuple(same),
        differing=tuple(name for name in made if name not in same),
        other_code=tuple(differences(manifest.code, code_now(python_version(), package_versions()))),
    )


def settings_of(manifest: VersionManifest) -> Settings:
    """The settings of the run that made a version. Raises SettingsError if today's program knows them no more."""
    try:
        settings: Settings = settings_model().model_validate(manifest.settings)
    except ValueError as error:
        raise SettingsError(
            f"{manifest.version} was made with settings that this version of bloodTwin does not know ({error}). "
            f"Install bloodTwin {manifest.code.version}"
        ) from error
    return settings


def differences(then: Code, now: Code) -> list[str]:
    """How one program differs from another, in words."""
    told = []
    if then.sha256 != now.sha256:
        versions = "" if then.version == now.version else f": version {then.version} then, {now.version} now"
        told.append(f"bloodTwin itself{versions}")
    before, today = ({**each.packages, "Python": each.python} for each in (then, now))
    changed = [name for name in today if today[name] != before.get(name)]
    return told + [f"{name}: {before.get(name, 'not told')} then, {today[name]} now" for name in changed]


def _restored(kept: KeptFiles, manifest: VersionManifest, again: ArtifactStore, settings: Settings) -> str:
    """Write split files and their list as they were; returns where the checkpoint lies that the training began with."""
    files = []
    for number, file in enumerate(manifest.data.files):
        # The last three names tell pump and split to whoever reads it.
        path = Path(SPLIT_FILES, str(number), *file.path.parts[-3:])
        kept.restore(file.sha256, again.folder / path)
        files.append(file.model_copy(update={"path": path}))
    data = manifest.data
    raw = RawPumpSplits(source=data.source, files=tuple(files), extra_features=data.extra_features)
    raw.write(again.raw_splits)
    again.record("raw_pump_splits", [again.raw_splits], raw.fingerprint, settings.used("data"))
    if not manifest.started_from:
        return ""
    start = again.folder / "started_from" / CHECKPOINT_FILE
    kept.restore(manifest.started_from, start)
    return str(start)


def _made(again: ArtifactStore) -> list[Path]:
    exports = [again.torchscript, again.onnx, again.onnx_streaming, again.test_vector, again.onnx.parent / "model.json"]
    others = [CheckpointFolder(again.checkpoints).best, again.scaler_json, again.alarms]
    return [path for path in (*others, *exports) if path.is_file()]
