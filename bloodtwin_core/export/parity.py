"""The proof that an export agrees with its checkpoint, on real test windows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from bloodtwin_core.config import ExportSettings
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.network.forecaster import NetworkForecast
from bloodtwin_core.network.inference import inference
from bloodtwin_core.network.past import with_unknown_past
from bloodtwin_core.records import Split, Values
from bloodtwin_core.serving.facts import Predict
from bloodtwin_core.serving.onnx_files import WindowNetwork
from bloodtwin_core.serving.streaming_network import StreamingNetwork
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
    """Compare an export with its checkpoint on test windows spread evenly over the test split.

    An export that gives quantiles and disagreement (WindowNetwork, StreamingNetwork) is held to them as well. Windows
    without the wearer's past are those of somebody of whom nothing is known.
    """
    chosen = evenly_spread(windows.origins[Split.test].rows, settings.parity_windows)
    lookbacks = windows.lookbacks(chosen)
    read = torch.from_numpy(lookbacks)
    if lookbacks.shape[-1] < len(checkpoint.forecaster.features):
        read = with_unknown_past(read)
    with inference(checkpoint.forecaster, "cpu"):
        expected = checkpoint.forecaster.forecast(read)
    difference = _differences(predict, lookbacks, expected)
    # A batch of one goes through other kernels than a large one, so it is held against the checkpoint as well.
    alone = _differences(predict, lookbacks[:1], NetworkForecast(*(part[:1] for part in expected)))
    difference[0] = np.maximum(difference[0], alone[0])
    worst = int(difference.argmax())
    return ParityReport(
        windows=len(chosen),
        largest_difference=float(difference[worst]),
        tolerance=settings.parity_tolerance,
        pump_id=str(windows.pump_of(chosen[worst, None])[0]),
        origin=windows.timestamps[chosen[worst]],
    )


def _differences(predict: Predict, lookbacks: Values, expected: NetworkForecast) -> npt.NDArray[np.float32]:
    """Largest difference of each window in anything that the export gives, mg/dL [window]."""
    if isinstance(predict, WindowNetwork | StreamingNetwork):
        pairs = zip(predict.forecast(lookbacks), expected, strict=True)
        parts = [(given, wanted) for given, wanted in pairs if given is not None]
    else:
        parts = [(predict(lookbacks), expected.prediction)]
    apart = [np.abs(given - wanted.numpy()).reshape(len(lookbacks), -1).max(axis=1) for given, wanted in parts]
    return np.asarray(np.max(apart, axis=0))
