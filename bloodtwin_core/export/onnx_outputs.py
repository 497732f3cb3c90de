"""From what the members' decoders give to mg/dL, as ONNX nodes: prediction, quantiles and disagreement."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto

from bloodtwin_core.export.onnx_builder import GraphBuilder, float_value
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.network.levels import MEDIAN, QUANTILE_LEVELS
from bloodtwin_core.records import GLUCOSE_LIMITS, Feature
from bloodtwin_core.serving.facts import BATCH, DISAGREEMENT, OUTPUT, QUANTILES

LEVELS_NODE = "Gemm_changes"
"""Node that sums increments to quantiles; in 8 bits it would lose what it is for."""


def outputs(
    graph: GraphBuilder, checkpoint: Checkpoint, raw: Sequence[str], last: str, nothing: str
) -> list[onnx.ValueInfoProto]:
    """All outputs, from each member's raw levels [batch * horizon, level] and the last records [batch, feature].

    nothing: [batch, 1], 0, or NaN where there must be no forecast.
    """
    column = graph.whole("glucose_column", [Feature.bg.column])
    reading = graph.node(
        "Add", [graph.node("Gather", [last, column], "last_glucose", axis=1), nothing], "reading_if_known"
    )
    changes = _changes(graph, checkpoint, raw)
    _prediction(graph, changes, reading)
    _quantiles(graph, checkpoint, changes, reading)
    horizon = checkpoint.horizon
    given = [float_value(OUTPUT, BATCH, horizon), float_value(QUANTILES, BATCH, horizon, len(QUANTILE_LEVELS))]
    if len(raw) == 1:
        return given
    _disagreement(graph, checkpoint, raw)
    return [*given, float_value(DISAGREEMENT, BATCH, horizon)]


def _changes(graph: GraphBuilder, checkpoint: Checkpoint, raw: Sequence[str]) -> str:
    """Changes from the last reading, mg/dL [batch, horizon, level], as the mean over the members.

    Each quantile is a sum of the median and increments, so the mean over members is taken of those.
    """
    levels = checkpoint.forecaster.each_member[0].levels
    if levels > 1:
        median = graph.constant("is_median", np.arange(levels)[None] == MEDIAN)
        increments = [graph.node("Softplus", [name], f"{name}_increments") for name in raw]
        parts = [
            graph.node("Where", [median, name, above], f"{name}_parts")
            for name, above in zip(raw, increments, strict=True)
        ]
    else:
        parts = list(raw)
    total = graph.node("Sum", parts, "parts_of_members") if len(parts) > 1 else parts[0]
    sums = _sums_of(levels) * checkpoint.forecaster.glucose_scale.numpy() / len(raw)
    flat = graph.node("Gemm", [total, graph.constant("sums", sums)], LEVELS_NODE.removeprefix("Gemm_"))
    shape = graph.whole("by_window", [-1, checkpoint.horizon, len(QUANTILE_LEVELS)])
    return graph.node("Reshape", [flat, shape], "changes_by_window")


def _sums_of(levels: int) -> npt.NDArray[np.float32]:
    """Which parts each quantile is the sum of: 1, -1 or 0, [part, level]."""
    if levels == 1:
        return np.ones((1, len(QUANTILE_LEVELS)), dtype=np.float32)
    part, level = np.indices((levels, levels))
    above = (part > MEDIAN) & (part <= level)
    below = (part < MEDIAN) & (part >= level)
    sums: npt.NDArray[np.float32] = ((part == MEDIAN) + 1.0 * above - 1.0 * below).astype(np.float32)
    return sums


def _prediction(graph: GraphBuilder, changes: str, reading: str) -> None:
    change = graph.node("Gather", [changes, graph.constant("median", np.int64(MEDIAN))], "change", axis=2)
    _limited(graph, graph.node("Add", [reading, change], "unlimited"), OUTPUT)


def _quantiles(graph: GraphBuilder, checkpoint: Checkpoint, changes: str, reading: str) -> None:
    """Add the offsets of the reading's glucose range, let none cross its neighbour nearer to the median."""
    starts = graph.constant("range_starts", checkpoint.forecaster.range_starts)
    reached = graph.node("GreaterOrEqual", [reading, starts], "reached")
    whole = graph.node("Cast", [reached], "reached_whole", to=int(TensorProto.INT64))
    place = graph.node("ReduceSum", [whole, graph.whole("range_axis", [1])], "glucose_range", keepdims=0)
    offsets = graph.constant("offsets", checkpoint.forecaster.offsets)
    moved = graph.node("Add", [changes, graph.node("Gather", [offsets, place], "offset", axis=0)], "moved")
    level_reading = graph.node("Unsqueeze", [reading, graph.whole("level_axis", [2])], "level_reading")
    glucose = graph.node("Add", [moved, level_reading], "moved_glucose")
    levels = graph.parts("level", [1] * len(QUANTILE_LEVELS), axis=2, of=glucose)
    for level in range(MEDIAN - 1, -1, -1):
        levels[level] = graph.node("Min", [levels[level], levels[level + 1]], f"rising{level}")
    for level in range(MEDIAN + 1, len(levels)):
        levels[level] = graph.node("Max", [levels[level], levels[level - 1]], f"rising{level}")
    _limited(graph, graph.node("Concat", levels, "rising", axis=2), QUANTILES)


def _disagreement(graph: GraphBuilder, checkpoint: Checkpoint, raw: Sequence[str]) -> None:
    """Standard deviation over the members of their point forecasts, mg/dL [batch, horizon]."""
    place = graph.whole("point_level", [checkpoint.forecaster.each_member[0].levels // 2])
    points = [graph.node("Gather", [name, place], f"{name}_point", axis=1) for name in raw]
    together = graph.node("Concat", points, "points", axis=1)
    count = graph.constant("members", np.float32(len(raw)))
    axis = graph.whole("member_axis", [1])

    def mean(name: str) -> str:
        return graph.node("Div", [graph.node("ReduceSum", [name, axis], f"{name}_sum"), count], f"{name}_mean")

    apart = graph.node("Sub", [together, mean(together)], "apart")
    variance = mean(graph.node("Mul", [apart, apart], "squared"))
    scale = graph.constant("glucose_scale", checkpoint.forecaster.glucose_scale)
    deviation = graph.node("Mul", [graph.node("Sqrt", [variance], "deviation"), scale], "deviation_glucose")
    graph.node("Reshape", [deviation, graph.whole("by_step", [-1, checkpoint.horizon])], DISAGREEMENT)


def _limited(graph: GraphBuilder, glucose: str, gives: str) -> None:
    low, high = (np.float32(limit) for limit in (GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high))
    graph.node("Clip", [glucose, graph.constant("lowest", low), graph.constant("highest", high)], gives)
