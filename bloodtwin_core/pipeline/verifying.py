"""Whether everything under artifacts/{name}/ stands as it was left, and belongs together."""

from collections.abc import Callable, Iterator
from contextlib import suppress

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.personal.storage import read_personal_index
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.publishing.kept import KeptFiles
from bloodtwin_core.publishing.store import PublishedStore
from bloodtwin_core.records.raw_splits import changed_files, read_raw_splits
from bloodtwin_core.serving.alarm_rules import read_alarm_rules
from bloodtwin_core.serving.onnx_files import load_onnx, load_streaming
from bloodtwin_core.serving.torchscript import load_torchscript
from bloodtwin_core.windows.storage import read_windows

OF_CHECKPOINT: dict[str, Callable[[ArtifactStore], str]] = {
    "personal_checkpoints": lambda store: read_personal_index(store.personal).unified_sha256,
    "test_results": lambda store: TestResults.read(store.test_results).tested.checkpoint_sha256,
    "alarm_levels": lambda store: read_alarm_rules(store.alarms).checkpoint_sha256,
    "torchscript_export": lambda store: load_torchscript(store.torchscript)[1].checkpoint_sha256,
    "onnx_export": lambda store: load_onnx(store.onnx)[1].checkpoint_sha256,
    "streaming_export": lambda store: load_streaming(store.onnx_streaming)[1].checkpoint_sha256,
}
"""Stages that tell which checkpoint they were made from."""


def faults_of(store: ArtifactStore) -> list[str]:
    """Every file that changed or is gone, and every stage that was made from another than stands now, in words.

    Raises ArtifactMissing if there is no manifest, or it is damaged itself.
    """
    stages = store.manifest().stages
    if not stages:
        raise ArtifactMissing(f"{store.manifest_path} is not there or lists nothing. Materialize everything first")
    faults = [fault for stage in stages for fault in store.faults(stage)]
    faults += _faults_of_people(store)
    # What cannot be read is told already, as changed.
    with suppress(ArtifactMissing):
        faults += changed_files(read_raw_splits(store.raw_splits), store.folder)
    faults += PublishedStore(store.published).all_faults()
    faults += KeptFiles(store.version_sources).faults()
    return faults + [
        f"{stage} was made from another {from_stage} than stands now"
        for stage, from_stage, stale in _stale(store)
        if stale
    ]


def _faults_of_people(store: ArtifactStore) -> Iterator[str]:
    for folder in sorted(store.people.iterdir()) if store.people.is_dir() else ():
        person = ArtifactStore(folder)
        try:
            for stage in person.manifest().stages:
                yield from person.faults(stage)
        except ArtifactMissing as error:
            yield str(error)


def _stale(store: ArtifactStore) -> Iterator[tuple[str, str, bool]]:
    stages = store.manifest().stages
    if {"fitted_scaler", "raw_pump_splits"} <= set(stages):
        fitted_on = stages["fitted_scaler"].settings.get("raw_fingerprint")
        yield "fitted_scaler", "raw_pump_splits", fitted_on != stages["raw_pump_splits"].data_version
    if {"windowed_tensors", "raw_pump_splits"} <= set(stages):
        with suppress(ArtifactMissing):
            cut_from = read_windows(store.windows)[1].raw_fingerprint
            yield "windowed_tensors", "raw_pump_splits", cut_from != stages["raw_pump_splits"].data_version
    for stage, made_from in OF_CHECKPOINT.items():
        if {stage, "trained_checkpoint"} <= set(stages):
            with suppress(ArtifactMissing):
                yield stage, "trained_checkpoint", made_from(store) != stages["trained_checkpoint"].data_version
