"""Stages that run with and without Dagster: read from the store what earlier stages left, do the work, record it.

This stands at the end of everything, above training and evaluation.
"""

from collections.abc import Callable

from bloodtwin_core.artifacts import ArtifactStore
from bloodtwin_core.config import Settings
from bloodtwin_core.errors import ArtifactMissing
from bloodtwin_core.evaluation.day import forecast_day
from bloodtwin_core.evaluation.forecasts_files import read_forecasts
from bloodtwin_core.evaluation.methods import method_for
from bloodtwin_core.evaluation.plots import error_by_horizon, forecasts_over_a_day, learning_curve
from bloodtwin_core.evaluation.plots.canvas import small_png
from bloodtwin_core.evaluation.report import (
    Attended,
    Material,
    Page,
    attended,
    report_page,
    telling_pictures,
    write_page,
)
from bloodtwin_core.evaluation.results import TestedModel, TestResults
from bloodtwin_core.evaluation.testing import OnProgress, store_forecasts, stored_results
from bloodtwin_core.evaluation.testing import ignore as ignore_progress
from bloodtwin_core.files import sha256_of
from bloodtwin_core.inputs import current_checkpoint, current_raw_splits, current_scaler, current_windows
from bloodtwin_core.threads import torch_threads
from bloodtwin_core.training import CheckpointFolder, EpochReport, FittedModel, fit
from bloodtwin_core.training.compute import choose_compute, testing_threads
from bloodtwin_core.training.fit import ignore
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows_files import WindowsIndex

SIMULATOR = "simulator"
"""The data.source of virtual wearers; a report on them says that it tells nothing of people."""
LEARNING_CURVE = "learning curve"
"""Name of the picture that a training leaves."""
FORECASTS_OVER_A_DAY, ERROR_BY_HORIZON = "forecasts over a day", "error by horizon"
"""Names of the pictures that a test leaves."""


def train_stage(
    store: ArtifactStore, settings: Settings, on_epoch: Callable[[EpochReport], None] = ignore
) -> FittedModel:
    """Train on the store's windows and leave checkpoint, learning curve and their record in the manifest.

    Raises ArtifactMissing if windows or scaler are not there or were made with other settings, and what fit raises.
    """
    windows, index = current_windows(store, settings.data)
    scaler = current_scaler(store, current_raw_splits(store, settings.data))
    checkpoints = CheckpointFolder(store.checkpoints)
    fitted = fit(
        windows,
        scaler,
        settings.model,
        settings.training,
        checkpoints,
        store.tensorboard,
        index.fingerprint,
        on_epoch=on_epoch,
    )
    curve = store.keep_picture(LEARNING_CURVE, learning_curve(fitted.epochs))
    files = [fitted.checkpoint, checkpoints.learning_curve, curve]
    store.record("trained_checkpoint", files, fitted.sha256, settings.used("data", "model", "training"))
    return fitted


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
    windows, index = current_windows(store, settings.data)
    checkpoint = current_checkpoint(store, settings.model, index)
    tested = TestedModel(
        model_version=checkpoint.version, checkpoint_sha256=checkpoint.sha256, data_fingerprint=index.fingerprint
    )
    compute = choose_compute(settings.training, settings.model.cell)
    with torch_threads(testing_threads(settings.training)):
        method = method_for(checkpoint.forecaster, windows, settings.evaluation, compute.device.value)
        on_method(f"Testing on {compute.device} in float32. {method.reading}")
        store_forecasts(store.test_forecasts, windows, method.forecast, settings.evaluation, tested, on_progress)
        results = stored_results(store.test_forecasts, windows, settings.evaluation)
    results.write(store.test_results)
    forecasts, _ = read_forecasts(store.test_forecasts)
    day = forecasts_over_a_day(forecast_day(windows, forecasts.predict))
    pictures = [
        store.keep_picture(FORECASTS_OVER_A_DAY, day),
        store.keep_picture(ERROR_BY_HORIZON, error_by_horizon(results.complete, settings.evaluation)),
    ]
    files = [store.test_results, *sorted(store.test_forecasts.iterdir()), *pictures]
    store.record("test_results", files, sha256_of(store.test_results), settings.used("data", "model", "evaluation"))
    return results


def report_stage(store: ArtifactStore, settings: Settings) -> Page:
    """Write the report on the store's test, its most telling pictures also as PNG, and their record.

    Raises ArtifactMissing if windows or test are not there, or the test was of other windows or another checkpoint.
    """
    windows, index = current_windows(store, settings.data)
    results = TestResults.read(store.test_results)
    forecasts, tested = read_forecasts(store.test_forecasts)
    if tested.tested != results.tested or results.tested.data_fingerprint != index.fingerprint:
        raise ArtifactMissing(
            f"{store.test_results} tells of another test than {store.test_forecasts}, or of other windows than there "
            "are now. Materialize test_results again"
        )
    virtual = settings.data.source == SIMULATOR
    looked_at = _attended(store, settings, windows, index, results) if settings.model.attention else None
    page = report_page(
        Material(settings.model.name, results, forecasts, windows, settings.evaluation, virtual, looked_at)
    )
    write_page(page, store.report)
    pictures = [store.keep_picture(name, small_png(picture.figure)) for name, picture in telling_pictures(page).items()]
    version = sha256_of(store.report)
    store.record("evaluation_report", [store.report, *pictures], version, settings.used("data", "model", "evaluation"))
    return page


def _attended(
    store: ArtifactStore, settings: Settings, windows: WindowedSeries, index: WindowsIndex, results: TestResults
) -> Attended:
    checkpoint = current_checkpoint(store, settings.model, index)
    if checkpoint.sha256 != results.tested.checkpoint_sha256:
        raise ArtifactMissing(
            f"{store.test_results} tells of another checkpoint than there is now. Materialize test_results again"
        )
    compute = choose_compute(settings.training, settings.model.cell)
    with torch_threads(testing_threads(settings.training)):
        return attended(checkpoint.forecaster, windows, settings.evaluation, compute.device.value)
