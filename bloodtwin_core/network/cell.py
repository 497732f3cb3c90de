"""What differs between the recurrent layers: the one place that knows an LSTM from a GRU.

A further kind of layer is a member of Cell and a row here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import nn

from bloodtwin_core.config import Cell


@dataclass(frozen=True)
class CellRow:
    """A kind of recurrent layer in torch, in ONNX and on a processor.

    layers: the class in torch. states: what a layer carries from record to record, in the order of torch and ONNX.
    gates, onnx_gates: order of the gates along the first axis of the weights, a letter each. onnx_op: the node in ONNX,
    with onnx_attributes beside hidden_size. fused_bfloat16: whether torch has a fused kernel for it in bfloat16 on a
    CPU. int8: whether onnxruntime quantizes its weights.
    """

    layers: type[nn.LSTM] | type[nn.GRU]
    states: tuple[str, ...]
    gates: str
    onnx_gates: str
    onnx_op: str
    onnx_attributes: Mapping[str, int] = field(default_factory=dict)
    fused_bfloat16: bool = False
    int8: bool = False


CELLS: dict[Cell, CellRow] = {
    Cell.lstm: CellRow(nn.LSTM, ("hidden", "cell"), "ifgo", "iofg", "LSTM", fused_bfloat16=True, int8=True),
    # torch applies the reset gate after the hidden weights, as cuDNN does; ONNX can do it either way.
    Cell.gru: CellRow(nn.GRU, ("hidden",), "rzn", "zrn", "GRU", {"linear_before_reset": 1}),
}


def cells_in_int8() -> tuple[str, ...]:
    """The names of the layers that onnxruntime quantizes."""
    return tuple(row.onnx_op for row in CELLS.values() if row.int8)
