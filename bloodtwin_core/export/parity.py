"""The proof that an export agrees with its checkpoint, on real test windows."""

from dataclasses import dataclass

import numpy as np
import torch

from bloodtwin_core.checkpoint import Checkpoint
from bloodtwin_core.config import ExportSettings
from bloodtwin_core.export.facts import Predict
from bloodtwin_core.records import Split
from bloodtwin_core.windows import WindowedSeries, evenly_spread


@dataclass(frozen=True)
class ParityReport:
    """How far an export is from its checkpoint (mg/dL) on real test windows.

    pump_id and origin (UTC) are those of the window with the largest difference.
    """

    windows: int
    largest_difference: float
    tolerance: float
    pump_id: str
    origin: np.datetime64

    @property
    def agrees(self) -> bool:
        """True if no forecast differs by more than the tolerance; an undefined difference does not agree."""
        return self.largest_difference <= self.tolerance


def parity(predict: Predict, checkpoint: Checkpoint, windows: WindowedSeries, settings: ExportSettings) -> ParityReport:
    """Compare an export with its checkpoint on test windows spread evenly over the test split."""
    chosen = evenly_spread(windows.origins[Split.test].rows, settings.parity_windows)
    lookbacks = windows.lookbacks(chosen)
    with torch.inference_mode():
        expected = checkpoint.forecaster(torch.from_numpy(lookbacks)).numpy()
    difference = np.abs(predict(lookbacks) - expected).max(axis=1)
    # A batch of one goes through other kernels than a large one, so it is held against the checkpoint as well.
    difference[0] = np.maximum(difference[0], np.abs(predict(lookbacks[:1]) - expected[:1]).max())
    worst = int(difference.argmax())
    return ParityReport(
        windows=len(chosen),
        largest_difference=float(difference[worst]),
        tolerance=settings.parity_tolerance,
        pump_id=str(windows.pump_of(chosen[worst, None])[0]),
        origin=windows.timestamps[chosen[worst]],
    )
