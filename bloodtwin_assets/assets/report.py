"""What the test means, for people."""

import dagster as dg

from bloodtwin_assets.assets.data import windowed_tensors
from bloodtwin_assets.assets.evaluation import test_results
from bloodtwin_assets.failures import failing_in_words
from bloodtwin_assets.pages.report import report_metadata
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.evaluation.report import telling_pictures
from bloodtwin_core.stages import report_stage


@dg.asset(group_name="evaluation", kinds={"html"}, deps=[test_results, windowed_tensors])
@failing_in_words
def evaluation_report(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.MaterializeResult[None]:
    """How far one may trust the forecaster, and where it fails: `report.html`, one file that any browser shows.

    It opens with a paragraph in plain words. Then come errors by horizon, error grids, alarms for lows and highs,
    calibration, errors by glucose range and time of day, the best, the median and the worst day, and a row per pump.
    Nothing is forecast for it anew: it is made from what `test_results` left.
    """
    store = artifacts.store(settings)
    page = report_stage(store, settings.plain())
    pictures = {name: store.picture(name).read_bytes() for name in telling_pictures(page)}
    version = store.manifest().stages["evaluation_report"].data_version
    return dg.MaterializeResult(
        metadata=report_metadata(page, store.report, pictures), data_version=dg.DataVersion(version)
    )
