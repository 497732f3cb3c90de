"""The latest forecasts, for those who do without the live service."""

import time
from datetime import UTC, datetime, timedelta

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.common.forgetting import forget_old_runs
from bloodtwin_assets.common.identity import page_of
from bloodtwin_assets.exports.assets import onnx_export
from bloodtwin_assets.ingestion.assets import INGESTION_ASSETS
from bloodtwin_assets.live.pages import idle_page, latest_page
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.service.latest import latest
from bloodtwin_core.service.model import Model, loaded, model_file
from bloodtwin_core.serving.published import read_pointer

LIVE_GROUP = "live"
LIVE_JOB = "live"
FORGOTTEN_AT_ONCE = 20
"""Old runs that a forecast forgets at most: there is one every five minutes."""
IDLE = dg.DataVersion("nothing live")


@dg.asset(group_name=LIVE_GROUP, kinds={"json"}, deps=[*INGESTION_ASSETS, onnx_export])
@failing_in_words
def latest_forecasts(
    context: dg.AssetExecutionContext, settings: SettingsResource, artifacts: ArtifactsResource
) -> dg.MaterializeResult[None]:
    """`latest_forecasts.json`: the coming hour of each pump from what was last fetched, or why there is none.

    For those who run the graph and not `bloodtwin serve`: the schedule `live_forecasts`, off by default, fetches and
    forecasts every five minutes. The model is that of `service.model_path`, else the published one, else this run's
    own, else the base model.
    It does nothing where `data.source` tells no single events, as virtual wearers and data sets do not.
    """
    store = artifacts.store(settings)
    model, now = _model(store, settings.service.model_path), int(time.time())
    made = latest(settings.plain().data, model, now)
    if made is not None:
        with store.owned():
            made.keep(store.latest_forecasts)
    before = datetime.now(UTC) - timedelta(days=settings.publishing.keep_live_run_days)
    forget_old_runs(context.instance, settings.model.name, before, LIVE_JOB, FORGOTTEN_AT_ONCE)
    if made is None:
        return dg.MaterializeResult(metadata=page_of(settings, idle_page(settings.data.source)), data_version=IDLE)
    page = latest_page(made, store.latest_forecasts, GlucoseUnit(settings.evaluation.unit))
    return dg.MaterializeResult(metadata=page_of(settings, page), data_version=dg.DataVersion(str(now)))


def _model(store: ArtifactStore, model_path: str) -> Model:
    """The model to forecast with. Raises ArtifactMissing."""
    if not model_path and read_pointer(store.published):
        return loaded(model_file(str(store.published)))
    return loaded(store.onnx if not model_path and store.onnx.exists() else model_file(model_path))
