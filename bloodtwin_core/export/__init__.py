"""The files that leave, each complete in itself, and the proof that they agree with the checkpoint.

model.onnx and model.ts take float32 [batch, lookback, feature] in physical units and give float32 [batch, horizon]
in mg/dL; the ONNX files give quantiles too. model_streaming.onnx takes one record at a time and carries the network's
state. facts.py holds what every file says of itself, onnx_graph.py the graphs, onnx_files.py and torchscript.py write
and load them, int8.py makes the small one, parity.py compares.
"""

from bloodtwin_core.export.facts import (
    DISAGREEMENT,
    FACTS,
    INPUT,
    OUTPUT,
    QUANTILES,
    READING,
    STATE_OUT,
    ExportedForecast,
    ExportFacts,
    Predict,
    facts_of,
    state_shapes,
)
from bloodtwin_core.export.int8 import Int8Outcome, Int8Trial, export_int8
from bloodtwin_core.export.onnx_files import (
    WindowNetwork,
    export_onnx,
    export_streaming,
    load_onnx,
    load_streaming,
)
from bloodtwin_core.export.parity import ParityReport, parity
from bloodtwin_core.export.streaming import States, StreamingNetwork
from bloodtwin_core.export.torchscript import export_torchscript, load_torchscript

__all__ = [
    "DISAGREEMENT",
    "FACTS",
    "INPUT",
    "OUTPUT",
    "QUANTILES",
    "READING",
    "STATE_OUT",
    "ExportFacts",
    "ExportedForecast",
    "Int8Outcome",
    "Int8Trial",
    "ParityReport",
    "Predict",
    "States",
    "StreamingNetwork",
    "WindowNetwork",
    "export_int8",
    "export_onnx",
    "export_streaming",
    "export_torchscript",
    "facts_of",
    "load_onnx",
    "load_streaming",
    "load_torchscript",
    "parity",
    "state_shapes",
]
