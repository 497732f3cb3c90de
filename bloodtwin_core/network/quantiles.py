"""Quantiles of a forecast, and how they are kept from crossing."""

import torch
from torch import Tensor, nn

from bloodtwin_core.network.levels import MEDIAN, QUANTILE_LEVELS

FIRST_INCREMENT = -2.0
"""What an untrained network gives for each increment: softplus of it is 0.13 glucose scales, about 10 mg/dL."""


def quantiles_from(raw: Tensor) -> Tensor:
    """Quantiles that cannot cross, [..., level, horizon], from a decoder's outputs of the same shape.

    The median is the decoder's own; each other quantile lies a softplus of its output further out than its neighbour.
    """
    increments = nn.functional.softplus(raw)
    levels = list(raw.unbind(-2))
    for level in range(MEDIAN - 1, -1, -1):
        levels[level] = levels[level + 1] - increments[..., level, :]
    for level in range(MEDIAN + 1, len(levels)):
        levels[level] = levels[level - 1] + increments[..., level, :]
    return torch.stack(levels, dim=-2)


def monotone(quantiles: Tensor) -> Tensor:
    """The quantiles [..., level, horizon] with none on the wrong side of its neighbour nearer to the median."""
    levels = list(quantiles.unbind(-2))
    for level in range(MEDIAN - 1, -1, -1):
        levels[level] = torch.minimum(levels[level], levels[level + 1])
    for level in range(MEDIAN + 1, len(levels)):
        levels[level] = torch.maximum(levels[level], levels[level - 1])
    return torch.stack(levels, dim=-2)


def pinball(quantiles: Tensor, target: Tensor) -> Tensor:
    """Pinball loss times 2, so that the median's is the absolute error; same shape as quantiles.

    quantiles: [..., level, horizon]; target: [..., horizon]. Koenker and Bassett, Econometrica 46 (1978) 33.
    """
    levels = quantiles.new_tensor(QUANTILE_LEVELS).unsqueeze(-1)
    error = target.unsqueeze(-2) - quantiles
    return 2.0 * levels * error + 2.0 * (-error).relu()
