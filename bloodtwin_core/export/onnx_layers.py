"""The layers of one member of the network as ONNX nodes: from scaled records to what the decoder gives."""

from collections.abc import Sequence

import numpy as np
import torch

from bloodtwin_core.export.onnx_builder import GraphBuilder
from bloodtwin_core.network.cell import CELLS
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.network.member import Member


def scaled(graph: GraphBuilder, checkpoint: Checkpoint, records: str) -> str:
    """Records in units of the scaler, and which of them are unknown as `unknown`."""
    forecaster = checkpoint.forecaster
    centred = graph.node("Sub", [records, graph.constant("centre", forecaster.centre)], "centred")
    units = graph.node("Div", [centred, graph.constant("scale", forecaster.scale)], "scaled")
    graph.node("IsNaN", [units], "unknown")
    return units


def with_unknown_insulin(graph: GraphBuilder, member: Member, units: str, number: int) -> str:
    """What scaled gives, with the member's constants for what is unknown."""
    instead = graph.constant(f"instead_of_unknown_m{number}", member.instead_of_unknown)
    return graph.node("Where", ["unknown", instead, units], f"known_m{number}")


def nothing_unless_unknown(graph: GraphBuilder, known: str) -> str:
    """0 for each window, [batch, 1], or NaN where something is unknown that has no constant.

    onnxruntime's recurrent layers make some number of a NaN, which must not pass for a forecast.
    """
    nothing = graph.node("Mul", [known, graph.constant("nothing", np.float32(0.0))], "nothing_of_each")
    sums = graph.node("ReduceSum", [nothing, graph.whole("step_and_feature", [0, 2])], "nothing_of_window", keepdims=0)
    return graph.node("Unsqueeze", [sums, graph.whole("last_axis", [1])], "nothing_unless_unknown")


def recurrent(
    graph: GraphBuilder, checkpoint: Checkpoint, number: int, pieces: Sequence[str], states: list[list[str]]
) -> list[str]:
    """Run a member's layers over pieces [step, batch, feature], one after the other, and leave what follows in states.

    A layer's states are empty at the start from zero, else one name [1, batch, hidden] for each state. Returns the top
    layer's states after each record of each piece, [step, 1, batch, hidden], for attention; none without it.
    """
    model = checkpoint.model
    tops = []
    cell = CELLS[model.cell]
    attributes = {"hidden_size": model.hidden_size, **cell.onnx_attributes}
    weights = [_layer_weights(graph, checkpoint, number, layer) for layer in range(model.num_layers)]
    # A layer gives [step, direction, batch, hidden]; the next one takes no direction axis.
    axis = graph.whole("direction_axis", [1]) if model.num_layers > 1 else ""
    for place, piece in enumerate(pieces):
        below = piece
        for layer in range(model.num_layers):
            at = f"_m{number}_l{layer}_p{place}"
            top = layer == model.num_layers - 1
            takes = [below, *weights[layer], *(["", *states[layer]] if states[layer] else [])]
            wanted = not top or model.attention
            gives = [f"steps{at}" if wanted else "", *(f"{name}{at}" for name in cell.states)]
            graph.nodes_giving(cell.onnx_op, takes, gives, **attributes)
            states[layer] = gives[1:]
            if not top:
                below = graph.node("Squeeze", [gives[0], axis], f"below{at}")
            elif wanted:
                tops.append(gives[0])
    return tops


def decoded(graph: GraphBuilder, member: Member, hidden: str, number: int) -> str:
    """What the decoder gives, [batch * horizon, level], from the top layer's hidden state [1, batch, hidden]."""
    to_hidden, _, _, to_levels = member.decoder
    top = graph.node("Squeeze", [hidden, graph.whole("layer_axis", [0])], f"top_m{number}")
    first = [graph.constant(f"decoder_hidden_m{number}_{part}", value) for part, value in to_hidden.named_parameters()]
    active = graph.node(
        "Relu", [graph.node("Gemm", [top, *first], f"decoder_m{number}", transB=1)], f"active_m{number}"
    )
    # The network decodes level by level; rows go step by step here, so that the levels of a step lie together.
    order = torch.arange(member.levels * member.horizon).view(member.levels, member.horizon).T.flatten()
    second = [graph.constant(f"levels_m{number}_{part}", value[order]) for part, value in to_levels.named_parameters()]
    raw = graph.node("Gemm", [active, *second], f"raw_m{number}", transB=1)
    return graph.node("Reshape", [raw, graph.whole("rows_of_levels", [-1, member.levels])], f"raw_levels_m{number}")


def _layer_weights(graph: GraphBuilder, checkpoint: Checkpoint, number: int, layer: int) -> list[str]:
    """Input weights, hidden weights and biases of a layer as ONNX wants them, each with a leading direction axis."""
    layers = checkpoint.forecaster.each_member[number].recurrent
    cell = CELLS[checkpoint.model.cell]

    def reordered(name: str) -> torch.Tensor:
        gates = getattr(layers, f"{name}_l{layer}").detach().chunk(len(cell.gates))
        return torch.cat([gates[cell.gates.index(gate)] for gate in cell.onnx_gates])

    biases = torch.cat([reordered("bias_ih"), reordered("bias_hh")])
    weights = {"input": reordered("weight_ih"), "hidden": reordered("weight_hh"), "biases": biases}
    return [graph.constant(f"{name}_m{number}_l{layer}", np.asarray(value[None])) for name, value in weights.items()]
