"""The stage test_results: what the checkpoint forecasts for all test windows, and how good that is."""

from collections.abc import Callable
from dataclasses import dataclass

from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.config import EvaluationSettings, Settings
from bloodtwin_core.evaluation.day import forecast_day
from bloodtwin_core.evaluation.forecasts_files import read_forecasts
from bloodtwin_core.evaluation.insulin_response import insulin_response
from bloodtwin_core.evaluation.methods import method_for
from bloodtwin_core.evaluation.results import TargetOutcome, TestedModel, TestResults
from bloodtwin_core.evaluation.targets import target_outcomes
from bloodtwin_core.evaluation.testing import OnProgress, measured_results, store_forecasts
from bloodtwin_core.evaluation.testing import ignore as ignore_progress
from bloodtwin_core.network.threads import torch_threads
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.ownership import owning
from bloodtwin_core.pipeline.upstream import current_checkpoint, stored_results, windows_read
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.plots import error_by_horizon, forecasts_over_a_day
from bloodtwin_core.training.compute import choose_compute, testing_threads

FORECASTS_OVER_A_DAY, ERROR_BY_HORIZON = "forecasts over a day", "error by horizon"
"""Names of the pictures that a test leaves."""


@dataclass(frozen=True)
class CheckedTargets:
    """The figures of a test, and which targets they reach."""

    results: TestResults
    outcomes: list[TargetOutcome]


@owning
def evaluation_stage(
    store: ArtifactStore,
    settings: Settings,
    on_progress: OnProgress = ignore_progress,
    on_method: Callable[[str], None] = lambda _said: None,
) -> TestResults:
    """Test the store's checkpoint on all test windows; leave forecasts, results, pictures and their record.

    on_method is told where and how windows are tested. Raises ArtifactMissing or CheckpointMismatch if windows or
    checkpoint are not there or were made with other settings.
    """
    windows, index = windows_read(store, settings)
    checkpoint = current_checkpoint(store, settings.model, index)
    tested = TestedModel(
        model_version=checkpoint.version, checkpoint_sha256=checkpoint.sha256, data_fingerprint=index.fingerprint
    )
    compute = choose_compute(settings.training, settings.model.cell)
    with torch_threads(testing_threads(settings.training)):
        method = method_for(checkpoint.forecaster, windows, settings.evaluation, compute.device.value)
        on_method(f"Testing on {compute.device} in float32. {method.reading}")
        store_forecasts(store.test_forecasts, windows, method.forecast, settings.evaluation, tested, on_progress)
        results = measured_results(store.test_forecasts, windows, settings.evaluation)
        asked = insulin_response(checkpoint.forecaster, windows, settings.evaluation, compute.device.value)
    results = results.model_copy(update={"insulin_response": asked})
    results.write(store.test_results)
    forecasts, _ = read_forecasts(store.test_forecasts)
    day = forecasts_over_a_day(forecast_day(windows, forecasts.predict), GlucoseUnit(settings.evaluation.unit))
    pictures = [
        store.keep_picture(FORECASTS_OVER_A_DAY, day),
        store.keep_picture(ERROR_BY_HORIZON, error_by_horizon(results.complete, settings.evaluation)),
    ]
    files = [store.test_results, *sorted(store.test_forecasts.iterdir()), *pictures]
    store.record("test_results", files, sha256_of(store.test_results), settings.used("data", "model", "evaluation"))
    return results


def check_targets(store: ArtifactStore, settings: EvaluationSettings) -> CheckedTargets:
    """The last test against the targets of these settings, whatever they were when it ran.

    Raises ArtifactMissing if its results are gone or changed.
    """
    results = stored_results(store)
    return CheckedTargets(results, target_outcomes(results.complete.pooled, settings, results.horizon))
