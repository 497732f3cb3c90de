"""ONNX files, written with the facts inside."""

from pathlib import Path

import onnx

from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.config import ExportSettings
from bloodtwin_core.export.facts import onnx_facts, streaming_facts
from bloodtwin_core.export.listing import relist
from bloodtwin_core.export.onnx_graph import streaming_graph, window_graph
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.serving.facts import FACTS, ExportFacts


def export_onnx(checkpoint: Checkpoint, path: Path, settings: ExportSettings) -> None:
    """Write model.onnx, weights inside, recurrent layers as fused nodes, batch size free.

    It takes what the past says of the wearer, too, where the network reads it; who does not tell it is forecast as
    where nothing is known of it.
    """
    write_onnx(window_graph(checkpoint, settings.opset), onnx_facts(checkpoint), path)


def export_streaming(checkpoint: Checkpoint, path: Path, settings: ExportSettings) -> None:
    """Write model_streaming.onnx, which takes one record at a time and carries the network's state.

    It takes what the past says of the wearer as model.onnx does.
    """
    write_onnx(streaming_graph(checkpoint, settings.opset), streaming_facts(checkpoint), path)


def write_onnx(model: onnx.ModelProto, facts: ExportFacts, path: Path) -> None:
    """Write one file, complete in itself, that says what it is, and keep model.json beside it true."""
    onnx.helper.set_model_props(model, {FACTS: facts.model_dump_json()})
    with atomic_write(path) as temporary:
        onnx.save(model, temporary)
    relist(path, facts)
