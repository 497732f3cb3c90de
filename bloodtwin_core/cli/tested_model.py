"""A tested model of an artifacts folder: its windows, its checkpoint and what it forecast for every test window."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import fit_baselines
from bloodtwin_core.evaluation.forecasts import TestForecasts, join
from bloodtwin_core.evaluation.forecasts_files import ForecastsIndex, read_forecasts
from bloodtwin_core.evaluation.methods import method_for
from bloodtwin_core.evaluation.results import TestedModel
from bloodtwin_core.evaluation.testing import forecast_batches, index_of
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.upstream import stored_checkpoint, stored_windows
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.past import as_read_by


@dataclass(frozen=True)
class ForecastModel:
    """A model with the windows of its data and its forecasts of the test split."""

    windows: WindowedSeries
    checkpoint: Checkpoint
    forecasts: TestForecasts
    index: ForecastsIndex


def tested_model(store: ArtifactStore, settings: EvaluationSettings) -> ForecastModel:
    """Forecasts that test_results left are taken as they are, else they are made anew; nothing is written.

    Raises ArtifactMissing or CheckpointMismatch.
    """
    windows, index = stored_windows(store)
    checkpoint = stored_checkpoint(store)
    checkpoint.require(checkpoint.model, index.fingerprint)
    windows = as_read_by(windows, checkpoint.forecaster.features)
    model = TestedModel(
        model_version=checkpoint.version, checkpoint_sha256=checkpoint.sha256, data_fingerprint=index.fingerprint
    )
    if store.test_forecasts.exists():
        store.require_unchanged("test_results", store.test_forecasts)
    forecasts, tested = stored_or_new(store.test_forecasts, windows, checkpoint.forecaster, settings, model)
    return ForecastModel(windows, checkpoint, forecasts, tested)


def stored_or_new(
    folder: Path,
    windows: WindowedSeries,
    forecaster: GlucoseForecaster,
    settings: EvaluationSettings,
    tested: TestedModel,
) -> tuple[TestForecasts, ForecastsIndex]:
    """The forecasts that a test left, if it was of this checkpoint and data, else new ones."""
    with suppress(ArtifactMissing):
        forecasts, index = read_forecasts(folder)
        if index.tested == tested:
            return forecasts, index
    baselines = fit_baselines(windows, settings)
    method = method_for(forecaster, windows, settings, "cpu")
    forecasts = join(list(forecast_batches(windows, method.forecast, baselines, settings)))
    return forecasts, index_of(windows, baselines, tested)
