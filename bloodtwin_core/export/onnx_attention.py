"""Temporal attention as ONNX nodes: over a whole lookback, or over the last states carried from record to record."""

import math
from collections.abc import Sequence

import numpy as np

from bloodtwin_core.export.onnx_builder import GraphBuilder
from bloodtwin_core.network.attention import TemporalAttention
from bloodtwin_core.serving.facts import PAST, SEEN, STATE_OUT


def states_of_lookback(graph: GraphBuilder, tops: Sequence[str], number: int) -> str:
    """The states of a whole lookback, [step, batch, hidden], from those of its pieces, [step, 1, batch, hidden]."""
    whole = graph.node("Concat", tops, f"steps_m{number}", axis=0) if len(tops) > 1 else tops[0]
    return graph.node("Squeeze", [whole, graph.whole("axis_1", [1])], f"states_m{number}")


def attended(
    graph: GraphBuilder, attention: TemporalAttention, hidden: str, states: str, number: int, seen: str | None = None
) -> str:
    """The last state [1, batch, hidden] with what it attends to among states [step, batch, hidden], seen or all."""
    axis_0, axis_1, axis_2 = (graph.whole(f"axis_{axis}", [axis]) for axis in range(3))
    last = graph.node("Squeeze", [hidden, axis_0], f"asking_m{number}")
    scale = attention.query.weight / math.sqrt(attention.query.in_features)
    asked = graph.node("Gemm", [last, graph.constant(f"query_m{number}", scale)], f"asked_m{number}", transB=1)
    by_wearer = graph.node("Transpose", [states], f"by_wearer_m{number}", perm=[1, 0, 2])
    column = graph.node("Unsqueeze", [asked, axis_2], f"asked_column_m{number}")
    products = graph.node("MatMul", [by_wearer, column], f"products_m{number}")
    alike = graph.node("Squeeze", [products, axis_2], f"alike_m{number}")
    age = graph.constant(f"age_score_m{number}", attention.age_score.flip(0))
    scores = graph.node("Add", [alike, age], f"scores_m{number}")
    if seen is not None:
        never = graph.constant("never", np.float32(-np.inf))
        scores = graph.node("Where", [seen, scores, never], f"seen_scores_m{number}")
    weights = graph.node("Softmax", [scores], f"weights_m{number}", axis=1)
    row = graph.node("Unsqueeze", [weights, axis_1], f"weights_row_m{number}")
    mean = graph.node("MatMul", [row, by_wearer], f"mean_m{number}")
    context = graph.node("Squeeze", [mean, axis_1], f"context_m{number}")
    parts = [graph.constant(f"context_m{number}_{name}", value) for name, value in attention.output.named_parameters()]
    added = graph.node("Gemm", [context, *parts], f"taken_m{number}", transB=1)
    together = graph.node("Add", [last, added], f"attended_m{number}")
    return graph.node("Unsqueeze", [together, axis_0], f"attended_layer_m{number}")


class CarriedPast:
    """The states that attention carries from record to record, `past` and `seen`, and what comes out of them."""

    def __init__(self, graph: GraphBuilder, members: int, lookback: int) -> None:
        self.graph, self.members, self.lookback = graph, members, lookback
        self.states = graph.parts(f"{PAST}_in", [lookback] * members, axis=0, of=PAST)
        self.seen = self._count_record()

    def attended(self, attention: TemporalAttention, hidden: str, number: int) -> str:
        """A member's newest state [1, batch, hidden], which takes the place of its oldest, with what it attends to."""
        bounds = [self.graph.whole("second", [1]), self.graph.whole("end", [self.lookback])]
        kept = self.graph.node(
            "Slice", [self.states[number], *bounds, self.graph.whole("axis_0", [0])], f"kept_m{number}"
        )
        gives = PAST + STATE_OUT if self.members == 1 else f"states_m{number}"
        self.states[number] = self.graph.node("Concat", [kept, hidden], gives, axis=0)
        return attended(self.graph, attention, hidden, self.states[number], number, self.seen)

    def finish(self) -> None:
        """Give the states of several members together; a single one's are given as they are."""
        if self.members > 1:
            self.graph.node("Concat", self.states, PAST + STATE_OUT, axis=0)

    def _count_record(self) -> str:
        """Which of the past states follow a record, [batch, lookback]."""
        count = self.graph.node("Add", [SEEN, self.graph.constant("one_more", np.float32(1.0))], SEEN + STATE_OUT)
        by_wearer = self.graph.node("Squeeze", [count, self.graph.whole("axis_0", [0])], "seen_by_wearer")
        ages = self.graph.constant("ages", np.arange(self.lookback, dtype=np.float32)[::-1])
        return self.graph.node("Less", [ages, by_wearer], "is_seen")
