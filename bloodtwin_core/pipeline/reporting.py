"""The stage evaluation_report: the test in words, tables and pictures."""

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.config import Settings
from bloodtwin_core.evaluation.attention import Attended, attended
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.network.threads import torch_threads
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.ownership import owning
from bloodtwin_core.pipeline.upstream import current_checkpoint, stored_forecasts, stored_results, windows_read
from bloodtwin_core.reporting.html import Material, ReportPage, report_page, telling_pictures, write_page
from bloodtwin_core.reporting.plots.canvas import small_png
from bloodtwin_core.sources.registry import source_named
from bloodtwin_core.training.compute import choose_compute, testing_threads
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.storage import WindowsIndex


@owning
def report_stage(store: ArtifactStore, settings: Settings) -> ReportPage:
    """Write the report on the store's test, its most telling pictures also as PNG, and their record.

    Raises ArtifactMissing if windows or test are not there, or the test was of other windows or another checkpoint.
    """
    windows, index = windows_read(store, settings)
    results = stored_results(store)
    forecasts, tested = stored_forecasts(store)
    if tested.tested != results.tested or results.tested.data_fingerprint != index.fingerprint:
        raise ArtifactMissing(
            f"{store.test_results} tells of another test than {store.test_forecasts}, or of other windows than there "
            "are now. Materialize test_results again"
        )
    virtual = source_named(settings.data.source).virtual
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
