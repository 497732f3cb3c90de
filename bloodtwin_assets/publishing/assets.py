"""The candidate beside the version in use: published or not, and why."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.common.forgetting import forget_old_runs
from bloodtwin_assets.common.identity import page_of
from bloodtwin_assets.evaluation.assets import alarm_levels, test_results
from bloodtwin_assets.exports.assets import onnx_export, streaming_export, torchscript_export
from bloodtwin_assets.publishing.pages import published_page
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.records.glucose_units import GlucoseUnit

PUBLISHING_GROUP = "publishing"


@dg.asset(
    group_name=PUBLISHING_GROUP,
    kinds={"onnx", "json"},
    deps=[test_results, alarm_levels, torchscript_export, onnx_export, streaming_export],
)
@failing_in_words
def published_model(
    context: dg.AssetExecutionContext, settings: SettingsResource, artifacts: ArtifactsResource
) -> dg.MaterializeResult[None]:
    """The version that others forecast with, in `published/`; the candidate that this run trained takes its place only
    where it is shown to be as good.

    Both forecast the same newest days, on which neither was trained nor chosen. The candidate must be better than
    persistence; better than the version in use, or equal and fresher; miss no more lows; have exports that load and
    agree; and have learnt from no week whose drift nobody has looked at. Else the version in use stays, and this page
    says why. `bloodtwin rollback` and the job `roll_back` go back to an earlier version; docs/retraining.md.
    """
    from bloodtwin_core.pipeline.publishing import publish_stage

    store, now, days = artifacts.store(settings), datetime.now(UTC), settings.publishing.keep_run_days
    made = publish_stage(store, settings.plain(), now)
    context.log.info("The candidate was %s: %s", made.decision.verdict, made.decision.why)
    forgotten = forget_old_runs(context.instance, settings.model.name, now - timedelta(days=days))
    if forgotten:
        context.log.info("Forgot %d runs older than %d days (publishing.keep_run_days)", forgotten, days)
    page = published_page(made, store.published, GlucoseUnit(settings.evaluation.unit))
    version = dg.DataVersion(store.version_of("published_model"))
    return dg.MaterializeResult(metadata=page_of(settings, page), data_version=version)
