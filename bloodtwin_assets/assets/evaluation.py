"""How good the forecaster is, beside persistence and a ridge regression on the same windows."""

import dagster as dg

from bloodtwin_assets.assets.data import windowed_tensors
from bloodtwin_assets.assets.training import trained_checkpoint
from bloodtwin_assets.failures import failing_in_words
from bloodtwin_assets.pages.evaluation import results_page
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_assets.run_log import progress_in
from bloodtwin_core.evaluation.day import forecast_day
from bloodtwin_core.evaluation.methods import method_for
from bloodtwin_core.evaluation.plots import error_by_horizon, forecasts_over_a_day
from bloodtwin_core.evaluation.results import TestedModel
from bloodtwin_core.evaluation.testing import evaluate
from bloodtwin_core.files import sha256_of
from bloodtwin_core.inputs import current_checkpoint, current_windows
from bloodtwin_core.training.compute import choose_compute, torch_threads


@dg.asset(group_name="evaluation", kinds={"yaml"}, deps=[trained_checkpoint, windowed_tensors])
@failing_in_words
def test_results(
    context: dg.AssetExecutionContext, settings: SettingsResource, artifacts: ArtifactsResource
) -> dg.MaterializeResult[None]:
    """Errors of the forecaster on the *test* splits, which neither training nor choosing has seen.

    Beside each figure stand those of persistence (the last reading stays) and of a ridge regression on the same
    windows. **AT 30** is the error 30 minutes ahead alone, **MEAN 30** that of all steps up to 30 minutes together.
    **Skill** is the error divided by persistence's: below 1 is better. `test_results.yaml` holds everything,
    per pump and pooled, on *complete* and on *available* windows.
    """
    store = artifacts.store(settings)
    windows, index = current_windows(store, settings.data)
    checkpoint = current_checkpoint(store, settings.model, index)
    tested = TestedModel(
        model_version=checkpoint.version,
        checkpoint_sha256=checkpoint.sha256,
        data_fingerprint=index.fingerprint,
    )
    compute = choose_compute(settings.training)
    with torch_threads(compute.threads):
        method = method_for(checkpoint.forecaster, windows, settings.evaluation, compute.device.value)
        context.log.info("Testing on %s in float32. %s", compute.device, method.reading)
        progress = progress_in(context, "Windows tested")
        results = evaluate(windows, method.predict, settings.evaluation, tested, progress)
        day = forecast_day(windows, method.predict)
    pictures = {
        "forecasts over a day": forecasts_over_a_day(day),
        "error by horizon": error_by_horizon(results.complete, settings.evaluation),
    }
    files = [store.keep_picture(name, png) for name, png in pictures.items()]
    results.write(store.test_results)
    for target in results.targets:
        context.log.info("%s: %s", target.name, target.reading)
    version = sha256_of(store.test_results)
    used = settings.used("data", "model", "evaluation")
    store.record("test_results", [store.test_results, *files], version, used)
    return dg.MaterializeResult(metadata=results_page(results, pictures), data_version=dg.DataVersion(version))
