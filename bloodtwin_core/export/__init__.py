"""The files that leave, each complete in itself, and the proof that they agree with the checkpoint.

model.onnx and model.ts take float32 [batch, lookback, feature] in physical units and give float32 [batch, horizon]
in mg/dL; the ONNX files give quantiles too. model_streaming.onnx takes one record at a time and carries the network's
state. facts.py gathers what every file says of itself, onnx_graph.py the graphs, onnx_files.py and torchscript.py write
them, int8.py makes the small one, parity.py compares. listing.py keeps model.json beside them, vectors.py what a
port can check itself against. What reads them is in serving.
"""

from bloodtwin_core.export.facts import facts_of, int8_facts, onnx_facts, state_shapes, streaming_facts
from bloodtwin_core.export.int8 import Int8Outcome, Int8Trial, export_int8
from bloodtwin_core.export.listing import list_model
from bloodtwin_core.export.onnx_files import export_onnx, export_streaming
from bloodtwin_core.export.parity import ParityReport, parity
from bloodtwin_core.export.torchscript import export_torchscript
from bloodtwin_core.export.vectors import write_test_vector

__all__ = [
    "Int8Outcome",
    "Int8Trial",
    "ParityReport",
    "export_int8",
    "export_onnx",
    "export_streaming",
    "export_torchscript",
    "facts_of",
    "int8_facts",
    "list_model",
    "onnx_facts",
    "parity",
    "state_shapes",
    "streaming_facts",
    "write_test_vector",
]
