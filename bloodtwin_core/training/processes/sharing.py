"""How several processes share one step: each takes a part of its batch, and together they do what one alone would."""

import torch
from torch import Tensor, distributed


def size() -> int:
    """How many processes share each step; 1 where one trains alone."""
    return distributed.get_world_size() if _is_shared() else 1


def part_of(batch: Tensor) -> Tensor:
    """This process's part of a batch, [chunk or window, ...], by turns; it may be empty."""
    return batch[distributed.get_rank() :: size()] if _is_shared() else batch


def sum_over_all(value: Tensor) -> Tensor:
    """The sum of a value over all processes, without a gradient; the value itself where one trains alone."""
    if not _is_shared():
        return value
    total = value.detach().clone()
    distributed.all_reduce(total)
    return total


def total_of(count: int, device: torch.device) -> int:
    """The sum of a number over all processes."""
    return int(sum_over_all(torch.tensor(count, device=device))) if _is_shared() else count


def _is_shared() -> bool:
    return distributed.is_available() and distributed.is_initialized()
