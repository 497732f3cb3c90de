"""The stages torchscript_export, onnx_export and streaming_export: the forecaster as files that run without bloodTwin.

Each returns the checkpoint that it exported; the functions of parity hold a file against its checkpoint.
"""

from dataclasses import dataclass

from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.config import Settings
from bloodtwin_core.export import (
    Int8Outcome,
    ParityReport,
    export_int8,
    export_onnx,
    export_streaming,
    export_torchscript,
    facts_of,
    list_model,
    onnx_facts,
    parity,
    streaming_facts,
    write_test_vector,
)
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.ownership import owning
from bloodtwin_core.pipeline.upstream import current_checkpoint, current_windows
from bloodtwin_core.serving.facts import Predict
from bloodtwin_core.serving.onnx_files import WindowNetwork, load_onnx, load_streaming
from bloodtwin_core.serving.streaming_network import StreamingNetwork
from bloodtwin_core.serving.torchscript import load_torchscript
from bloodtwin_core.windows.past import with_past


@dataclass(frozen=True)
class OnnxExport:
    """The checkpoint that model.onnx was made from, and what became of model_int8.onnx."""

    checkpoint: Checkpoint
    int8: Int8Outcome


@owning
def torchscript_stage(store: ArtifactStore, settings: Settings) -> Checkpoint:
    """Leave model.ts and its record. Raises what current_windows and current_checkpoint raise."""
    _, index = current_windows(store, settings.data)
    checkpoint = current_checkpoint(store, settings.model, index)
    export_torchscript(checkpoint, store.torchscript)
    list_model(store.torchscript, facts_of(checkpoint))
    store.record("torchscript_export", [store.torchscript], sha256_of(store.torchscript), settings.used("model"))
    return checkpoint


@owning
def onnx_stage(store: ArtifactStore, settings: Settings) -> OnnxExport:
    """Leave model.onnx, its test vector, model_int8.onnx where it is good enough, and their record.

    Raises what current_windows and current_checkpoint raise.
    """
    windows, index = current_windows(store, settings.data)
    checkpoint = current_checkpoint(store, settings.model, index)
    export_onnx(checkpoint, store.onnx, settings.export)
    list_model(store.onnx, onnx_facts(checkpoint))
    write_test_vector(store.onnx, store.test_vector)
    int8 = export_int8(checkpoint, store.onnx, store.onnx_int8, windows, settings.export)
    files = [store.onnx, store.onnx_int8] if int8.written else [store.onnx]
    store.record("onnx_export", files, sha256_of(store.onnx), settings.used("model", "export"))
    return OnnxExport(checkpoint, int8)


@owning
def streaming_stage(store: ArtifactStore, settings: Settings) -> Checkpoint:
    """Leave model_streaming.onnx and its record. Raises what current_windows and current_checkpoint raise."""
    _, index = current_windows(store, settings.data)
    checkpoint = current_checkpoint(store, settings.model, index)
    export_streaming(checkpoint, store.onnx_streaming, settings.export)
    list_model(store.onnx_streaming, streaming_facts(checkpoint))
    version = sha256_of(store.onnx_streaming)
    store.record("streaming_export", [store.onnx_streaming], version, settings.used("model", "export"))
    return checkpoint


def torchscript_parity(store: ArtifactStore, settings: Settings) -> ParityReport:
    """How far model.ts forecasts from its checkpoint, on test windows."""
    store.require_unchanged("torchscript_export", store.torchscript)
    return _parity(load_torchscript(store.torchscript)[0], store, settings)


def onnx_parity(store: ArtifactStore, settings: Settings) -> ParityReport:
    """How far model.onnx forecasts from its checkpoint, on test windows, told of the past as streaming_parity says."""
    store.require_unchanged("onnx_export", store.onnx)
    return _parity(load_onnx(store.onnx)[0], store, settings)


def streaming_parity(store: ArtifactStore, settings: Settings) -> ParityReport:
    """How far model_streaming.onnx, record by record from a zero state, forecasts from its checkpoint.

    Where it takes what the past says of the wearer, both are told it, and not told it.
    """
    store.require_unchanged("streaming_export", store.onnx_streaming)
    return _parity(load_streaming(store.onnx_streaming)[0], store, settings)


def _parity(predict: Predict, store: ArtifactStore, settings: Settings) -> ParityReport:
    windows, index = current_windows(store, settings.data)
    checkpoint = current_checkpoint(store, settings.model, index)
    report = parity(predict, checkpoint, windows, settings.export)
    if isinstance(predict, WindowNetwork | StreamingNetwork) and predict.facts.wearer_past:
        told = parity(predict, checkpoint, with_past(windows), settings.export)
        return max(report, told, key=lambda each: (not each.agrees, each.largest_difference))
    return report
