"""A network that reads a wearer's past made of one that reads none, and the other way round.

What stands for an unknown is a constant to the first layer, so without the inputs of the past its part moves into that
layer's bias.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn

from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.records import PAST_FEATURES, UNKNOWN_PAST, has_past, without_past
from bloodtwin_core.windows.scaler import FeatureScaler


def reads_past(forecaster: GlucoseForecaster) -> bool:
    """Whether the network reads what the past says of a wearer."""
    return has_past(forecaster.features)


def with_unknown_past(records: Tensor) -> Tensor:
    """Records [..., feature and past] of records [..., feature], of whose past nothing is known."""
    return torch.cat([records, records.new_tensor(UNKNOWN_PAST).expand(*records.shape[:-1], -1)], dim=-1)


def with_past_or_without(checkpoint: Checkpoint, past: bool) -> Checkpoint:
    """The network with inputs of the past or without, as a training asks that goes on from it."""
    return past_not_learnt(checkpoint) if past else past_unknown(checkpoint)


def past_unknown(checkpoint: Checkpoint) -> Checkpoint:
    """The network without the inputs of the past, which forecasts as the given one does where the past is unknown.

    A network that reads no past is given back itself.
    """
    known = checkpoint.forecaster
    if not reads_past(known):
        return checkpoint
    features = without_past(known.features)
    kept = len(features)
    scaler = FeatureScaler(
        features=[*features],
        centre=checkpoint.scaler.centre[:kept],
        scale=checkpoint.scaler.scale[:kept],
        records=checkpoint.scaler.records,
    )
    model = checkpoint.model.model_copy(update={"past": False})
    unknown = GlucoseForecaster(model, checkpoint.horizon, scaler, checkpoint.lookback)
    weights = dict(known.state_dict())
    weights["centre"], weights["scale"] = known.centre[:kept], known.scale[:kept]
    for number, (member, alone) in enumerate(zip(known.each_member, unknown.each_member, strict=True)):
        of_member = f"members.{number}."
        nothing = known.scaled(with_unknown_past(torch.zeros(kept)))
        inputs = member.with_unknown_insulin(nothing).detach()[kept:]
        from_input = weights[f"{of_member}recurrent.weight_ih_l0"]
        bias = weights[f"{of_member}recurrent.bias_ih_l0"]
        moved = bias.double() + from_input[:, kept:].double() @ inputs.double()
        weights[f"{of_member}recurrent.weight_ih_l0"] = from_input[:, :kept]
        weights[f"{of_member}recurrent.bias_ih_l0"] = moved.to(bias.dtype)
        extra = weights.pop(f"{of_member}unknown_extra")
        if alone.unknown_extra is not None:
            weights[f"{of_member}unknown_extra"] = extra[: len(alone.unknown_extra)]
    unknown.load_state_dict(weights)
    return replace(checkpoint, forecaster=unknown.eval(), model=model, scaler=scaler)


def past_not_learnt(checkpoint: Checkpoint) -> Checkpoint:
    """The network with inputs of the past, which say nothing yet: it forecasts as the given one, whatever they are.

    A network that reads the past already is given back itself.
    """
    alone = checkpoint.forecaster
    if reads_past(alone):
        return checkpoint
    model, scaler = checkpoint.model.model_copy(update={"past": True}), checkpoint.scaler.with_past()
    known = GlucoseForecaster(model, checkpoint.horizon, scaler, checkpoint.lookback)
    fresh = known.state_dict()
    weights = {**fresh, **alone.state_dict(), "centre": known.centre, "scale": known.scale}
    for number, before in enumerate(alone.each_member):
        of_member = f"members.{number}."
        from_input = f"{of_member}recurrent.weight_ih_l0"
        weights[from_input] = nn.functional.pad(weights[from_input], (0, len(PAST_FEATURES)))
        extra = torch.zeros_like(fresh[f"{of_member}unknown_extra"])
        if before.unknown_extra is not None:
            extra[: len(before.unknown_extra)] = before.unknown_extra.detach()
        weights[f"{of_member}unknown_extra"] = extra
    known.load_state_dict(weights)
    return replace(checkpoint, forecaster=known.eval(), model=model, scaler=scaler)
