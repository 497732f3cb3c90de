"""The network as ONNX graphs: whole lookbacks, or one record at a time with carried state.

The graphs are laid out here, node by node, rather than traced by torch.onnx, whose graph computes zero states and
the order of the gates anew in 40 nodes: measured on one core with two layers of 128 units, writing takes 0.02 s
instead of 12 s, and a streamed reading 0.031 ms instead of 0.038 ms. That the graph is the network is proved, not
assumed: parity.py compares it with the checkpoint on real windows.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from bloodtwin_core.checkpoint import Checkpoint
from bloodtwin_core.config import Cell
from bloodtwin_core.export.facts import BATCH, INPUT, OUTPUT, READING, STATE_OUT, state_shapes
from bloodtwin_core.records import FEATURES, GLUCOSE_LIMITS, Feature

RECORDS_PER_NODE = 16
"""Records that one recurrent node of model.onnx reads, so that what it holds for a batch stays in the cache.

onnxruntime keeps the gates of all records of a node at once, 151 MB a layer for 256 lookbacks of 288 records. In
pieces of 16 records the same batch runs a fifth faster (1,050 windows a second instead of 890 on one core), and a
single window 2 % slower; pieces of 8 gain 3 % more on the batch and lose 5 % more on the single window. Each piece
hands its state to the next.
"""
GATES: dict[Cell, tuple[str, str]] = {Cell.lstm: ("ifgo", "iofg"), Cell.gru: ("rzn", "zrn")}
"""Order of the gates along the weights' first axis: in torch, in ONNX."""


class _Graph:
    """Nodes and constants of a graph in the making; every value has a name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, values: npt.ArrayLike | torch.Tensor) -> str:
        array = values.detach().numpy() if isinstance(values, torch.Tensor) else values
        self.constants.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def node(self, kind: str, takes: Sequence[str], gives: str, **attributes: int | list[int]) -> str:
        self.nodes_giving(kind, takes, [gives], **attributes)
        return gives

    def nodes_giving(
        self, kind: str, takes: Sequence[str], gives: Sequence[str], **attributes: int | list[int]
    ) -> list[str]:
        node = helper.make_node(kind, takes, gives, name=f"{kind}_{len(self.nodes)}")
        node.attribute.extend(helper.make_attribute(name, value) for name, value in attributes.items())
        self.nodes.append(node)
        return list(gives)

    def finish(
        self, takes: Sequence[onnx.ValueInfoProto], gives: Sequence[onnx.ValueInfoProto], opset: int
    ) -> onnx.ModelProto:
        opsets = [helper.make_opsetid("", opset)]
        graph = helper.make_graph(self.nodes, "bloodtwin", takes, gives, self.constants)
        # The oldest file format that has this operator set, for older runtimes.
        version = helper.find_min_ir_version_for(opsets)
        model = helper.make_model(graph, producer_name="bloodtwin", opset_imports=opsets, ir_version=version)
        onnx.checker.check_model(model, full_check=True)
        return model


def window_graph(checkpoint: Checkpoint, opset: int, records_per_node: int = RECORDS_PER_NODE) -> onnx.ModelProto:
    """From lookbacks `input` [batch, lookback, feature] to forecasts `prediction` [batch, horizon] in mg/dL."""
    graph, lookback = _Graph(), checkpoint.lookback
    records = graph.node("Transpose", [INPUT], "records", perm=[1, 0, 2])
    scaled = _scaled(graph, checkpoint, records)
    lengths = [min(records_per_node, lookback - start) for start in range(0, lookback, records_per_node)]
    pieces = [scaled]
    if len(lengths) > 1:
        sizes = graph.constant("piece_lengths", np.array(lengths, dtype=np.int64))
        pieces = graph.nodes_giving("Split", [scaled, sizes], [f"piece{i}" for i in range(len(lengths))], axis=0)
    states = _recurrent(graph, checkpoint, pieces, [[] for _ in range(checkpoint.model.num_layers)])
    last = graph.node("Gather", [INPUT, graph.constant("last_step", np.int64(lookback - 1))], "last_record", axis=1)
    _forecast(graph, checkpoint, states[-1][0], last)
    takes = [_value(INPUT, BATCH, lookback, len(FEATURES))]
    return graph.finish(takes, [_value(OUTPUT, BATCH, checkpoint.horizon)], opset)


def streaming_graph(checkpoint: Checkpoint, opset: int) -> onnx.ModelProto:
    """From one record `reading` [batch, feature] and the carried states to a forecast and the states after it.

    States are [num_layers, batch, hidden] and zero at the start: `hidden` and `cell` of an LSTM, which come out as
    `hidden_out` and `cell_out`; a GRU has no cell.
    """
    graph, layers, shapes = _Graph(), checkpoint.model.num_layers, state_shapes(checkpoint)
    first_axis = graph.constant("first_axis", np.array([0], dtype=np.int64))
    scaled = graph.node("Unsqueeze", [_scaled(graph, checkpoint, READING), first_axis], "piece")
    each = graph.constant("one_a_layer", np.ones(layers, dtype=np.int64))
    carried = [
        graph.nodes_giving("Split", [name, each], [f"{name}{layer}_in" for layer in range(layers)], axis=0)
        for name in shapes
    ]
    states = _recurrent(graph, checkpoint, [scaled], [list(of_layer) for of_layer in zip(*carried, strict=True)])
    for name, of_layers in zip(shapes, zip(*states, strict=True), strict=True):
        graph.node("Concat", of_layers, name + STATE_OUT, axis=0)
    _forecast(graph, checkpoint, states[-1][0], READING)
    takes = [_value(READING, BATCH, len(FEATURES)), *(_value(name, *shape) for name, shape in shapes.items())]
    gives = [_value(OUTPUT, BATCH, checkpoint.horizon)]
    return graph.finish(takes, gives + [_value(name + STATE_OUT, *shape) for name, shape in shapes.items()], opset)


def _scaled(graph: _Graph, checkpoint: Checkpoint, records: str) -> str:
    forecaster = checkpoint.forecaster
    centred = graph.node("Sub", [records, graph.constant("centre", forecaster.centre)], "centred")
    return graph.node("Div", [centred, graph.constant("scale", forecaster.scale)], "scaled")


def _recurrent(
    graph: _Graph, checkpoint: Checkpoint, pieces: Sequence[str], states: list[list[str]]
) -> list[list[str]]:
    """Run the layers over pieces [step, batch, feature], one after the other; returns the states of each layer.

    A layer's states are empty at the start from zero, else one name [1, batch, hidden] for each state.
    """
    model = checkpoint.model
    kind, names = model.cell.value.upper(), list(state_shapes(checkpoint))
    # torch applies the reset gate after the hidden weights, as cuDNN does; ONNX can do it either way.
    attributes = {"hidden_size": model.hidden_size, **({"linear_before_reset": 1} if model.cell is Cell.gru else {})}
    weights = [_layer_weights(graph, checkpoint, layer) for layer in range(model.num_layers)]
    # A layer gives [step, direction, batch, hidden]; the next one takes no direction axis.
    axis = graph.constant("direction_axis", np.array([1], dtype=np.int64)) if model.num_layers > 1 else ""
    for number, piece in enumerate(pieces):
        below = piece
        for layer in range(model.num_layers):
            at = f"{layer}_{number}"
            top = layer == model.num_layers - 1
            takes = [below, *weights[layer], *(["", *states[layer]] if states[layer] else [])]
            gives = ["" if top else f"steps{at}", *(f"{name}{at}" for name in names)]
            graph.nodes_giving(kind, takes, gives, **attributes)
            states[layer] = gives[1:]
            if not top:
                below = graph.node("Squeeze", [gives[0], axis], f"below{at}")
    return states


def _layer_weights(graph: _Graph, checkpoint: Checkpoint, layer: int) -> list[str]:
    """Input weights, hidden weights and biases of a layer as ONNX wants them, each with a leading direction axis."""
    recurrent, (here, there) = checkpoint.forecaster.each_member[0].recurrent, GATES[checkpoint.model.cell]

    def reordered(name: str) -> torch.Tensor:
        gates = getattr(recurrent, f"{name}_l{layer}").detach().chunk(len(here))
        return torch.cat([gates[here.index(gate)] for gate in there])

    biases = torch.cat([reordered("bias_ih"), reordered("bias_hh")])
    return [
        graph.constant(f"input_weights{layer}", reordered("weight_ih")[None]),
        graph.constant(f"hidden_weights{layer}", reordered("weight_hh")[None]),
        graph.constant(f"biases{layer}", biases[None]),
    ]


def _forecast(graph: _Graph, checkpoint: Checkpoint, hidden: str, last_record: str) -> None:
    """From the top layer's hidden state [1, batch, hidden] and the last record [batch, feature] to mg/dL."""
    forecaster = checkpoint.forecaster
    to_hidden, _, _, to_horizon = checkpoint.forecaster.each_member[0].decoder
    axis = graph.constant("layer_axis", np.array([0], dtype=np.int64))
    decoded = graph.node("Squeeze", [hidden, axis], "top")
    median = slice(to_horizon.out_features // checkpoint.horizon // 2 * checkpoint.horizon, None)
    for name, linear in (("decoder_hidden", to_hidden), ("decoder_horizon", to_horizon)):
        rows = median if linear is to_horizon else slice(None)
        rows = slice(rows.start, rows.start + checkpoint.horizon) if linear is to_horizon else rows
        parts = [graph.constant(f"{name}_{part}", getattr(linear, part)[rows]) for part in ("weight", "bias")]
        decoded = graph.node("Gemm", [decoded, *parts], name, transB=1)
        if linear is to_hidden:
            decoded = graph.node("Relu", [decoded], "decoder_active")
    change = graph.node("Mul", [decoded, graph.constant("glucose_scale", forecaster.glucose_scale)], "change")
    column = graph.constant("glucose_column", np.array([Feature.bg.column], dtype=np.int64))
    reading = graph.node("Gather", [last_record, column], "last_glucose", axis=1)
    unlimited = graph.node("Add", [reading, change], "unlimited")
    low, high = (np.float32(limit) for limit in (GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high))
    limits = [graph.constant("lowest", low), graph.constant("highest", high)]
    graph.node("Clip", [unlimited, *limits], OUTPUT)


def _value(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
