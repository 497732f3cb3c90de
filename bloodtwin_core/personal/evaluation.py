"""The test of what people go on with: each pump's accepted personal copy, or the unified network where none was."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.forecasts import TestForecasts, join
from bloodtwin_core.evaluation.testing import forecast_with_uncertainty
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.personal.storage import checkpoint_for
from bloodtwin_core.windows import WindowedSeries


def with_personal_copies(
    unified: TestForecasts, windows: WindowedSeries, checkpoint: Checkpoint, folder: Path, settings: EvaluationSettings
) -> TestForecasts:
    """The same windows as each pump's own network forecasts them; folder holds the personal copies.

    Raises ArtifactMissing if there are none, CheckpointMismatch if they are copies of another checkpoint.
    """
    parts = []
    for pump in dict.fromkeys(unified.pump.tolist()):
        theirs, own = unified.only([pump]), checkpoint_for(pump, folder, checkpoint)
        if own is not checkpoint:
            forecast = forecast_with_uncertainty(
                own.forecaster, windows, np.array(theirs.rows), settings.batch_size, "cpu"
            )
            theirs = replace(
                theirs, model=forecast.prediction, quantiles=forecast.quantiles, disagreement=forecast.disagreement
            )
        parts.append(theirs)
    return join(parts)
