"""The stage personal_model: one pump's copy of a finished model, made from that pump's records alone.

It does what personal_checkpoints does for a pump of the main line, but needs no windows of others: the models of
thousands are made one by one, in any order, on any number of machines. Each pump has a folder with a manifest and a
lock of its own.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from bloodtwin_core.common.errors import ArtifactMissing, CheckpointMismatch, SettingsError
from bloodtwin_core.common.files import atomic_folder, recover_folder, scratch_folder, sha256_of
from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.config import PRETRAINED, PUBLISHED, DataSettings, Settings
from bloodtwin_core.network.checkpoint import Checkpoint, copy_weights, load_checkpoint
from bloodtwin_core.personal.storage import INDEX as OUTCOME
from bloodtwin_core.personal.storage import PersonalIndex, PersonalOutcome, personal_checkpoint, read_personal_index
from bloodtwin_core.personal.training import personalise_pump, settings_of_copy
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.preparing import list_split_files, windows_of
from bloodtwin_core.pipeline.upstream import filled, without_records
from bloodtwin_core.pretrained.files import CHECKPOINT, shipped_file
from bloodtwin_core.publishing.store import CHECKPOINT_FILE, PublishedStore
from bloodtwin_core.records import FEATURES, without_past
from bloodtwin_core.records.raw_splits import load_splits
from bloodtwin_core.sources.settings import settings_model

STAGE = "personal_model"
"""Its name in the manifest of each person's folder, and in the graph."""


@dataclass(frozen=True)
class PersonMade:
    """What became of one pump. is_new: made now; else it stood already, from the same records, base and settings."""

    outcome: PersonalOutcome
    is_new: bool


def base_path(store: ArtifactStore, start_from: str) -> Path:
    """The checkpoint that people.start_from names.

    Raises SettingsError if nothing is published or there is no such file, ArtifactMissing if the version is not whole.
    """
    if start_from == PRETRAINED:
        return shipped_file(CHECKPOINT)
    if start_from != PUBLISHED:
        path = given_path(start_from).absolute()
        if not path.is_file():
            raise SettingsError(
                f"people.start_from '{start_from}': there is no such checkpoint. Name one, or {PRETRAINED}"
            )
        return path
    published = PublishedStore(store.published)
    champion = published.champion()
    if champion is None:
        raise SettingsError(
            f"people.start_from is {PUBLISHED}, but {published.folder} holds no published version. "
            f"Materialize published_model first, or set people.start_from: {PRETRAINED}"
        )
    return published.place(champion.version) / CHECKPOINT_FILE


def person_stage(
    store: ArtifactStore, base: Path, settings: Settings, pump_id: str, base_sha256: str = ""
) -> PersonMade:
    """Make one pump's copy of the checkpoint base; leave it, where it is accepted, with its verdict and its record.

    What stands already from the same records, base and settings stays. store is that of the model; base_sha256 is
    what base has to be, if it must be the one that other pumps began with.
    Raises what the source raises, TooFewWindows if the pump has none, ArtifactMissing if base cannot be read,
    CheckpointMismatch if it is another one, and what personalise_pump raises; then what stood before stays.
    """
    unified = _unified(base, base_sha256)
    data = _data_of(pump_id, settings.data, unified)
    own = store.of_person(pump_id)
    with own.owned(), scratch_folder(own.personal_model) as scratch:
        raw = list_split_files(data, scratch / "splits", scratch)
        used = {**_used(settings, data), "base_sha256": unified.sha256, "raw_fingerprint": raw.fingerprint}
        if (outcome := _standing(own, used)) is not None:
            return PersonMade(outcome, is_new=False)
        windows = windows_of(load_splits(raw, scratch), unified.scaler, data)
        outcome = personalise_pump(windows, pump_id, unified, settings.training, settings.personal, scratch)
        with atomic_folder(own.personal_model) as folder:
            if outcome.accepted:
                # Training states would be three quarters of a file that only forecasts from now on.
                copy_weights(personal_checkpoint(scratch, pump_id), personal_checkpoint(folder, pump_id))
            index = PersonalIndex(unified_sha256=unified.sha256, outcomes=(outcome,))
            (folder / OUTCOME).write_text(index.model_dump_json(indent=2) + "\n", "utf-8")
        version = sha256_of(own.personal_model / OUTCOME)
        own.record(STAGE, sorted(own.personal_model.iterdir()), version, used)
    return PersonMade(outcome, is_new=True)


def stored_person(store: ArtifactStore, pump_id: str) -> PersonalOutcome:
    """What became of one pump. Raises ArtifactMissing if nothing was made, or a file is gone or changed."""
    own = store.of_person(pump_id)
    own.require_unchanged(STAGE, own.personal_model)
    [outcome] = read_personal_index(own.personal_model).outcomes
    return outcome


def person_checkpoint(store: ArtifactStore, base: Path, pump_id: str) -> Checkpoint:
    """The network that a pump goes on with: its copy where it was accepted, else the one that it began with.

    Raises ArtifactMissing if nothing was made of it or from another checkpoint than base, or a file changed.
    """
    own, unified = store.of_person(pump_id), _unified(base)
    outcome = stored_person(store, pump_id)
    if read_personal_index(own.personal_model).unified_sha256 != unified.sha256:
        raise ArtifactMissing(f"{own.folder} was made from another checkpoint than {base}. Materialize {STAGE} again")
    return load_checkpoint(personal_checkpoint(own.personal_model, pump_id)) if outcome.accepted else unified


def base_fingerprint(base: Path) -> str:
    """The sha256 of a checkpoint to begin with; empty if it is not there, which whoever loads it says."""
    return sha256_of(base) if base.is_file() else ""


def _unified(base: Path, sha256: str = "") -> Checkpoint:
    unified = _loaded(base, base_fingerprint(base))
    if sha256 and unified.sha256 != sha256:
        raise CheckpointMismatch(
            f"{base} was replaced since the first of these pumps began with it. Start again: all go on from the new one"
        )
    return unified


@lru_cache(maxsize=1)
def _loaded(base: Path, _sha256: str) -> Checkpoint:
    """One process makes many copies of the same network, which nothing changes."""
    return load_checkpoint(base)


def _data_of(pump_id: str, data: DataSettings, unified: Checkpoint) -> DataSettings:
    """The settings of data for this pump alone, with the windows that the network takes."""
    own = {
        "pump_ids": [pump_id],
        "held_out_pump_ids": [],
        "learn_also_from": [],
        "lookback": unified.lookback,
        "horizon": unified.horizon,
        "extra_features": list(without_past(unified.forecaster.features)[len(FEATURES) :]),
    }
    changed: DataSettings = data.model_copy(update=own)
    return changed


def _used(settings: Settings, data: DataSettings) -> dict[str, Any]:
    """The settings that a copy depends on, for its manifest; of others' pumps it does not."""
    training = settings_of_copy(settings.training, settings.personal)
    return {
        **settings.used("personal"),
        "training": training.model_dump(mode="json"),
        "data": data.model_dump(mode="json", exclude=set(without_records(data))),
    }


def _with_defaults(used: dict[str, Any]) -> dict[str, Any]:
    """What was used, a setting that is younger than its record at its default."""
    return filled(settings_model()().used("training", "personal", "data"), used)


def _standing(own: ArtifactStore, used: dict[str, Any]) -> PersonalOutcome | None:
    """What stands in a person's folder, if it was made from the same and is as it was left."""
    recover_folder(own.personal_model)
    record = own.manifest().stages.get(STAGE)
    if record is None or _with_defaults(record.settings) != _with_defaults(used) or own.faults(STAGE):
        return None
    [outcome] = read_personal_index(own.personal_model).outcomes
    return outcome
