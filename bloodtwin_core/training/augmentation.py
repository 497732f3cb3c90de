"""Variety that no wearer's records hold: the same history, with glucose a little higher or lower throughout."""

import torch
from torch import Tensor

from bloodtwin_core.records import Feature


def with_scaled_glucose(records: Tensor, spread: float) -> Tensor:
    """Records [chunk, step, feature] with glucose and its change, of each chunk, times a factor of its own.

    The factor's logarithm is normally distributed around 0 with the given spread. Targets must be taken from what this
    returns, so that they are scaled alike. docs/accuracy.md says where it helped and where it did not.
    """
    factors = torch.exp(spread * torch.randn(len(records), 1, device=records.device))
    scaled = records.clone()
    for feature in (Feature.bg, Feature.delta_bg):
        scaled[..., feature.column] *= factors
    return scaled
