"""Weights between those of the unified network and those of a fine-tuned copy.

A copy that learnt from few days has learnt some of their chance. On the straight line between both networks lie ones
that err less than either: Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022. docs/accuracy.md has what
that brings to people whom the unified network never met.
"""

from pathlib import Path

import torch

from bloodtwin_core.network.checkpoint import NETWORK_PREFIX, Checkpoint, write_content


def shrink_towards(unified: Checkpoint, tuned: Path, strength: float) -> None:
    """Move the weights in the checkpoint file tuned back, to the share strength of the way that they went.

    Strength 0 is the unified network, 1 the copy as it is. Offsets of quantiles are moved too and have to be found anew
    (calibrate_checkpoint). The file is replaced whole or not at all. Raises StorageError if it cannot be written.
    """
    content = torch.load(tuned, map_location="cpu", weights_only=True)
    before = {NETWORK_PREFIX + name: weights.cpu() for name, weights in unified.forecaster.state_dict().items()}
    content["state_dict"] = {
        name: torch.lerp(before[name], weights, strength) if name in before and weights.is_floating_point() else weights
        for name, weights in content["state_dict"].items()
    }
    write_content(tuned, content)
