"""training.past_alone: what a wearer's past says is learnt on top of a network that stays as it is.

The inputs of the past enter the first layer by weights of their own, which begin at 0, and what stands for an unknown
past is 0 as well. So whoever's past is unknown is forecast by the network that was started from, bit for bit, and
nobody pays for what others gain. A network that learns everything together pays: docs/accuracy.md says how much.
"""

from torch import Tensor, nn

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import ModelSettings, TrainingSettings
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.network.member import Member
from bloodtwin_core.records import PAST_TABLE, without_past

_STAY_UNKNOWN = sum(row.stays_unknown for row in PAST_TABLE.values())
"""Inputs of the past that may be unknown: the last ones of Member.unknown_extra."""


def require_past_and_network(model: ModelSettings, training: TrainingSettings, base: Checkpoint | None) -> None:
    """Raise SettingsError if training.past_alone has no past to learn of, or no network to learn it on top of.

    Nor can it begin with one that learnt what stands for an unknown past: on top of that everybody's forecasts move.
    """
    if not training.past_alone:
        return
    if not model.past:
        raise SettingsError(
            "training.past_alone learns what a wearer's past says, but model.past is false. "
            "Set model.past: true, or training.past_alone: false"
        )
    if base is None:
        nothing = (
            f"training.start_from '{training.start_from}' holds none yet" if training.start_from else "there is none"
        )
        raise SettingsError(
            f"training.past_alone learns on top of a trained network, but {nothing}. "
            "Name one in training.start_from, or set training.past_alone: false"
        )
    if any(_says_something_of_unknown_past(member) for member in base.forecaster.each_member):
        raise SettingsError(
            f"training.past_alone cannot go on from {base.path}, which learnt the past together with everything else. "
            "Name a network without a past, or one that learnt it alone, or set training.past_alone: false"
        )


def _says_something_of_unknown_past(member: Member) -> bool:
    extra = member.unknown_extra
    return extra is not None and bool((extra[-_STAY_UNKNOWN:] != 0).any())


def learn_past_alone(forecaster: GlucoseForecaster) -> None:
    """Let a training move nothing but the weights by which each member reads the inputs of the past."""
    features = len(without_past(forecaster.features))

    def of_past(gradient: Tensor) -> Tensor:
        return nn.functional.pad(gradient[:, features:], (features, 0))

    for weights in forecaster.parameters():
        weights.requires_grad_(False)
    for member in forecaster.each_member:
        from_input = member.recurrent.get_parameter("weight_ih_l0")
        from_input.requires_grad_(True)
        from_input.register_hook(of_past)  # type: ignore[no-untyped-call]
