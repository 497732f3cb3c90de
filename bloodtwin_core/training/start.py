"""training.start_from: the trained network whose weights, and whose scaler, a training begins with.

The scaler travels with the weights: what a weight means depends on the unit of its input, so a network that goes on
learning keeps the scaler it began with, and the one fitted on the new records is reported only. Whether it reads a
wearer's past is for the settings to say: inputs of the past are left out, or begin by saying nothing.
"""

import logging

from bloodtwin_core.common.errors import ArtifactMissing, SettingsError
from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.config import PRETRAINED, ModelSettings
from bloodtwin_core.network.checkpoint import Checkpoint, load_checkpoint
from bloodtwin_core.network.past import reads_past, with_past_or_without
from bloodtwin_core.pretrained.files import CHECKPOINT, shipped_file
from bloodtwin_core.records import FEATURES, without_past

logger = logging.getLogger(__name__)

MAY_DIFFER = ("name", "dropout", "past")
"""Settings of model that leave shape and meaning of every weight of the features as they are."""


def starting_checkpoint(
    start_from: str, model: ModelSettings, lookback: int, horizon: int, features: tuple[str, ...] = FEATURES
) -> Checkpoint | None:
    """The checkpoint that training.start_from names, with inputs of the past as model.past says.

    None where it is empty and weights are drawn anew.

    Raises SettingsError if it cannot be read, or its network is not the one that the settings ask for.
    """
    if not start_from:
        return None
    try:
        path = shipped_file(CHECKPOINT) if start_from == PRETRAINED else given_path(start_from)
        base = load_checkpoint(path)
    except ArtifactMissing as error:
        raise SettingsError(
            f"training.start_from '{start_from}': {error}. Name a checkpoint that bloodTwin wrote, or {PRETRAINED}, "
            "or leave it empty"
        ) from error
    differing = [
        (f"model.{name}", getattr(model, name), getattr(base.model, name))
        for name in ModelSettings.model_fields
        if name not in MAY_DIFFER and getattr(model, name) != getattr(base.model, name)
    ]
    if model.attention and lookback != base.lookback:  # Attention has a weight for every record of it.
        differing.append(("data.lookback", lookback, base.lookback))
    if reads_past(base.forecaster) and not model.past:
        logger.warning("%s reads a wearer's past, which is left out, since model.past is false", path)
    base = with_past_or_without(base, model.past)
    there = without_past(base.forecaster.features)
    if without_past(features) != there:  # Each has its weights.
        differing.append(("data.extra_features", _extra(without_past(features)), _extra(there)))
    if horizon != base.horizon:
        differing.append(("data.horizon", horizon, base.horizon))
    if differing:
        differences = "; ".join(f"{name} is {now}, but {then} there" for name, now, then in differing)
        needed = ", ".join(f"{name}: {then}" for name, _, then in differing)
        raise SettingsError(
            f"training.start_from '{start_from}' has another network: {differences}. Set {needed}, or leave "
            "training.start_from empty to train fresh weights"
        )
    return base


def _extra(features: tuple[str, ...]) -> str:
    return f"[{', '.join(features[len(FEATURES) :])}]"
