"""The proof that an export agrees with its checkpoint, on real test windows."""

from dataclasses import dataclass

import numpy as np
import torch

from bloodtwin_core.checkpoint import Checkpoint
from bloodtwin_core.config import ExportSettings
from bloodtwin_core.export.facts import Predict
from bloodtwin_core.records import Split
from bloodtwin_core.windows import Rows, WindowedSeries


@dataclass(frozen=True)
class ParityReport:
    """How far an export is from its checkpoint (mg/dL) on real test windows."""

    windows: int
    largest_difference: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        """True if no forecast differs by more than the tolerance; an undefined difference does not agree."""
        return self.largest_difference <= self.tolerance


def parity(predict: Predict, checkpoint: Checkpoint, windows: WindowedSeries, settings: ExportSettings) -> ParityReport:
    """Compare an export with its checkpoint on test windows spread evenly over the test split."""
    chosen = spread(windows.origins[Split.test].rows, settings.parity_windows)
    lookbacks = windows.lookbacks(chosen)
    with torch.inference_mode():
        expected = checkpoint.forecaster(torch.from_numpy(lookbacks)).numpy()
    difference = np.abs(predict(lookbacks) - expected)
    # A batch of one goes through other kernels than a large one, so it is held against the checkpoint as well.
    alone = np.abs(predict(lookbacks[:1]) - expected[:1])
    return ParityReport(
        windows=len(chosen),
        largest_difference=float(max(difference.max(), alone.max())),
        tolerance=settings.parity_tolerance,
    )


def spread(rows: Rows, count: int) -> Rows:
    """At most so many of the rows, evenly spread over them."""
    chosen: Rows = rows[np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(np.int64)]
    return chosen
