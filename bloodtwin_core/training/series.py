"""Where the network's training finds records: resident on its device, or in a memory-mapped file.

A person's whole history is tens of megabytes, so it normally stays on the device and chunks are gathered there by
index. A series larger than training.series_memory_mib is read chunk by chunk from its file instead.
"""

import numpy as np
import torch
from torch import Tensor, nn

from bloodtwin_core.records import Values

BYTES_PER_MIB = 2**20


class ResidentSeries(nn.Module):
    """The series as a tensor that moves to the device with the module; it is no part of checkpoints."""

    series: Tensor

    def __init__(self, series: Values) -> None:
        super().__init__()
        self.register_buffer("series", torch.from_numpy(np.array(series)), persistent=False)

    def forward(self, rows: Tensor) -> Tensor:
        """Records at rows, [..., feature], on the device of rows."""
        return self.series[rows]


class MappedSeries(nn.Module):
    """The series in a memory-mapped file, of which only the pages in use take memory."""

    def __init__(self, series: Values) -> None:
        super().__init__()
        self.mapped = series

    def forward(self, rows: Tensor) -> Tensor:
        """Records at rows, [..., feature], on the device of rows."""
        return torch.from_numpy(self.mapped[rows.cpu().numpy()]).to(rows.device)


def series_for(series: Values, memory_mib: int) -> ResidentSeries | MappedSeries:
    """The series resident if it fits in the memory allowed, else left in its file."""
    return ResidentSeries(series) if series.nbytes <= memory_mib * BYTES_PER_MIB else MappedSeries(series)
