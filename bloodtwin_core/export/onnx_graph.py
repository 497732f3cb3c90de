"""The network as ONNX graphs: whole lookbacks, or one record at a time with carried state.

The graphs are laid out here, in onnx_layers.py, onnx_attention.py and onnx_outputs.py, node by node, rather than traced
by torch.onnx, whose graph computes zero states and the order of the gates anew in 40 nodes: measured on one core with
two layers of 128 units, no quantiles and no attention, writing takes 0.02 s instead of 12 s, and a streamed reading
0.031 ms instead of 0.038 ms. That the graph is the network is proved, not assumed: parity.py compares it with the
checkpoint on real windows.
"""

import numpy as np
import onnx

from bloodtwin_core.export.facts import state_shapes
from bloodtwin_core.export.onnx_attention import CarriedPast, attended, states_of_lookback
from bloodtwin_core.export.onnx_builder import GraphBuilder, float_value
from bloodtwin_core.export.onnx_layers import (
    decoded,
    nothing_unless_unknown,
    recurrent,
    scaled,
    with_unknown_insulin,
)
from bloodtwin_core.export.onnx_outputs import outputs
from bloodtwin_core.network.cell import CELLS
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.records import PAST_FEATURES, UNKNOWN_PAST, has_past, without_past
from bloodtwin_core.serving.facts import BATCH, INPUT, READING, STATE_OUT, WEARER_PAST

RECORDS_PER_NODE = 16
"""Records that one recurrent node of model.onnx reads, so that what it holds for a batch stays in the cache.

onnxruntime keeps the gates of all records of a node at once, 151 MB a layer for 256 lookbacks of 288 records. In
pieces of 16 records the same batch runs a fifth faster (1,050 windows a second instead of 890 on one core), and a
single window 2 % slower; pieces of 8 gain 3 % more on the batch and lose 5 % more on the single window. Each piece
hands its state to the next.
"""

PAST_STEPS = "past_steps"
"""Free, since the default is one row for all records of a lookback."""


def window_graph(checkpoint: Checkpoint, opset: int, records_per_node: int = RECORDS_PER_NODE) -> onnx.ModelProto:
    """From lookbacks `input` [batch, lookback, feature] to what onnx_outputs.py gives, in mg/dL.

    A network that reads the wearer's past takes it as `wearer_past` [batch, lookback, PAST_FEATURES], by default
    unknown.
    """
    graph, lookback = GraphBuilder(), checkpoint.lookback
    features = without_past(checkpoint.forecaster.features)
    told = has_past(checkpoint.forecaster.features)
    lookbacks = _with_past(graph, INPUT, axes=3) if told else INPUT
    units = scaled(graph, checkpoint, graph.node("Transpose", [lookbacks], "records", perm=[1, 0, 2]))
    lengths = [min(records_per_node, lookback - start) for start in range(0, lookback, records_per_node)]
    raw = []
    for number, member in enumerate(checkpoint.forecaster.each_member):
        known = with_unknown_insulin(graph, member, units, number)
        pieces = graph.parts(f"piece_m{number}_", lengths, axis=0, of=known)
        states: list[list[str]] = [[] for _ in range(checkpoint.model.num_layers)]
        tops = recurrent(graph, checkpoint, number, pieces, states)
        last_state = states[-1][0]
        if member.attention is not None:
            past = states_of_lookback(graph, tops, number)
            last_state = attended(graph, member.attention, last_state, past, number)
        raw.append(decoded(graph, member, last_state, number))
    last = graph.node("Gather", [INPUT, graph.whole("last_step", lookback - 1)], "last_record", axis=1)
    given = outputs(graph, checkpoint, raw, last, nothing_unless_unknown(graph, known))
    past_told = [float_value(WEARER_PAST, BATCH, PAST_STEPS, len(PAST_FEATURES))] if told else []
    return graph.finish([float_value(INPUT, BATCH, lookback, len(features)), *past_told], given, opset)


def streaming_graph(checkpoint: Checkpoint, opset: int) -> onnx.ModelProto:
    """From one record `reading` [batch, feature] and the carried states to a forecast and the states after it.

    States are those of state_shapes and zero at the start; each comes out under its name with `_out` behind it. A
    network that reads the wearer's past takes it as `wearer_past` [batch, PAST_FEATURES], by default unknown.
    """
    graph, layers, shapes = GraphBuilder(), checkpoint.model.num_layers, state_shapes(checkpoint)
    members, names = checkpoint.forecaster.each_member, CELLS[checkpoint.model.cell].states
    features = without_past(checkpoint.forecaster.features)
    told = has_past(checkpoint.forecaster.features)
    record = _with_past(graph, READING, axes=2) if told else READING
    piece = graph.node("Unsqueeze", [record, graph.whole("first_axis", [0])], "piece")
    units = scaled(graph, checkpoint, piece)
    carried = {name: graph.parts(f"{name}_in", [1] * (layers * len(members)), axis=0, of=name) for name in names}
    past = CarriedPast(graph, len(members), checkpoint.lookback) if checkpoint.model.attention else None
    raw: list[str] = []
    after: list[list[str]] = []
    for number, member in enumerate(members):
        known = with_unknown_insulin(graph, member, units, number)
        states = [[carried[name][number * layers + layer] for name in names] for layer in range(layers)]
        recurrent(graph, checkpoint, number, [known], states)
        last_state = states[-1][0]
        if member.attention is not None and past is not None:
            last_state = past.attended(member.attention, last_state, number)
        raw.append(decoded(graph, member, last_state, number))
        after += states
    for name, of_layers in zip(names, zip(*after, strict=True), strict=True):
        graph.node("Concat", of_layers, name + STATE_OUT, axis=0)
    if past is not None:
        past.finish()
    prediction, *sureness = outputs(graph, checkpoint, raw, READING, nothing_unless_unknown(graph, known))
    reading = float_value(READING, BATCH, len(features))
    past_told = [float_value(WEARER_PAST, BATCH, len(PAST_FEATURES))] if told else []
    takes = [reading, *past_told, *(float_value(name, *shape) for name, shape in shapes.items())]
    states_after = [float_value(name + STATE_OUT, *shape) for name, shape in shapes.items()]
    return graph.finish(takes, [prediction, *states_after, *sureness], opset)


def _with_past(graph: GraphBuilder, records: str, axes: int) -> str:
    """The records with what the past says of the wearer behind the features, of so many axes."""
    # An input that has a constant of its name takes that for its default: one row, for however many records.
    past = graph.constant(WEARER_PAST, np.array(UNKNOWN_PAST, dtype=np.float32).reshape(*[1] * (axes - 1), -1))
    all_but_last = [graph.whole("begin", [0]), graph.whole("last_axis", [-1])]
    rows = graph.node("Slice", [graph.node("Shape", [records], "shape"), *all_but_last], "shape_of_rows")
    shape = graph.node("Concat", [rows, graph.whole("past_size", [len(PAST_FEATURES)])], "past_shape", axis=0)
    every = graph.node("Expand", [past, shape], "past_of_each")
    return graph.node("Concat", [records, every], "records_and_past", axis=-1)
