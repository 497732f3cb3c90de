"""The files that leave, each complete in itself, and the proof that they agree with the checkpoint.

model.onnx and model.ts take float32 [batch, lookback, feature] in physical units and give float32 [batch, horizon]
in mg/dL; the ONNX files give quantiles too. model_streaming.onnx takes one record at a time and carries the network's
state. facts.py gathers what every file says of itself, onnx_graph.py the graphs, onnx_files.py and torchscript.py write
them, int8.py makes the small one, parity.py compares. What reads them is in serving.
"""

from bloodtwin_core.export.facts import facts_of, state_shapes
from bloodtwin_core.export.int8 import Int8Outcome, Int8Trial, export_int8
from bloodtwin_core.export.onnx_files import export_onnx, export_streaming
from bloodtwin_core.export.parity import ParityReport, parity
from bloodtwin_core.export.torchscript import export_torchscript

__all__ = [
    "Int8Outcome",
    "Int8Trial",
    "ParityReport",
    "export_int8",
    "export_onnx",
    "export_streaming",
    "export_torchscript",
    "facts_of",
    "parity",
    "state_shapes",
]
