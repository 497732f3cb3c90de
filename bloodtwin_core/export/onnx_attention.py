"""Temporal attention as ONNX nodes: over a whole lookback, or over the last states carried from record to record."""

import math
from collections.abc import Sequence

import numpy as np

from bloodtwin_core.export.facts import SEEN, STATE_OUT
from bloodtwin_core.export.onnx_builder import GraphBuilder
from bloodtwin_core.network.attention import TemporalAttention


def states_of_lookback(graph: GraphBuilder, tops: Sequence[str], number: int) -> str:
    """The states of a whole lookback, [step, batch, hidden], from those of its pieces, [step, 1, batch, hidden]."""
    whole = graph.node("Concat", tops, f"steps_m{number}", axis=0) if len(tops) > 1 else tops[0]
    return graph.node("Squeeze", [whole, graph.whole("attention_direction", [1])], f"states_m{number}")


def with_newest(graph: GraphBuilder, past: str, hidden: str, number: int) -> str:
    """The past states [lookback, batch, hidden] without the oldest and with the newest, [1, batch, hidden]."""
    bounds = [graph.whole(name, [value]) for name, value in (("second", 1), ("end", np.iinfo(np.int64).max))]
    kept = graph.node("Slice", [past, *bounds, graph.whole("age_axis", [0])], f"kept_m{number}")
    return graph.node("Concat", [kept, hidden], f"states_m{number}", axis=0)


def records_seen(graph: GraphBuilder, lookback: int) -> str:
    """Which of the past states follow a record, [lookback, batch, 1]; counts the one just read in `seen_out`."""
    count = graph.node("Add", [SEEN, graph.constant("one_more", np.float32(1.0))], SEEN + STATE_OUT)
    age = graph.constant("ages", np.arange(lookback, dtype=np.float32)[::-1, None, None])
    return graph.node("Less", [age, count], "is_seen")


def attended(
    graph: GraphBuilder, attention: TemporalAttention, hidden: str, states: str, number: int, seen: str = ""
) -> str:
    """The last state [1, batch, hidden] with what it attends to among states [step, batch, hidden], seen or all."""
    first_axis = graph.whole("layer_axis", [0])
    last = graph.node("Squeeze", [hidden, first_axis], f"asking_m{number}")
    scale = attention.query.weight / math.sqrt(attention.query.in_features)
    asked = graph.node("Gemm", [last, graph.constant(f"query_m{number}", scale)], f"asked_m{number}", transB=1)
    products = graph.node("Mul", [states, asked], f"products_m{number}")
    alike = graph.node("ReduceSum", [products, graph.whole("hidden_axis", [2])], f"alike_m{number}", keepdims=1)
    age = graph.constant(f"age_score_m{number}", attention.age_score.flip(0)[:, None, None])
    scores = graph.node("Add", [alike, age], f"scores_m{number}")
    if seen:
        never = graph.constant("never", np.float32(-np.inf))
        scores = graph.node("Where", [seen, scores, never], f"seen_scores_m{number}")
    weights = graph.node("Softmax", [scores], f"weights_m{number}", axis=0)
    weighted = graph.node("Mul", [states, weights], f"weighted_m{number}")
    context = graph.node("ReduceSum", [weighted, graph.whole("step_axis", [0])], f"context_m{number}", keepdims=0)
    parts = [graph.constant(f"context_m{number}_{name}", value) for name, value in attention.output.named_parameters()]
    added = graph.node("Gemm", [context, *parts], f"taken_m{number}", transB=1)
    together = graph.node("Add", [last, added], f"attended_m{number}")
    return graph.node("Unsqueeze", [together, first_axis], f"attended_layer_m{number}")
