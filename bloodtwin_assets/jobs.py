"""Jobs: named selections of assets."""

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from bloodtwin_assets.ingestion.assets import INGESTION_GROUP
from bloodtwin_assets.live.assets import LIVE_GROUP, LIVE_JOB, latest_forecasts
from bloodtwin_assets.live.checks import live_agrees_with_batch
from bloodtwin_assets.people.assets import JOB, PEOPLE_GROUP

MAIN_LINE = {"bloodtwin/line": "main"}
"""Tag of retrainings, of which a cluster lets one run at a time; what is materialized in the UI has none."""

retraining = dg.define_asset_job(
    name="retraining",
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups(LIVE_GROUP, PEOPLE_GROUP),
    tags=MAIN_LINE,
    description="From the pumps' latest records to a checked and exported forecaster.",
)

ingestion = dg.define_asset_job(
    name="ingestion",
    selection=dg.AssetSelection.groups(INGESTION_GROUP),
    description="The events that are new in the wearer's cloud or site, fetched to data.root.",
)

live = dg.define_asset_job(
    name=LIVE_JOB,
    selection=dg.AssetSelection.groups(INGESTION_GROUP)
    | (dg.AssetSelection.assets(latest_forecasts) - dg.AssetSelection.checks(live_agrees_with_batch)),
    description="The events that are new, and the coming hour of each pump from them.",
)

night = dg.define_asset_job(
    name="night",
    selection=dg.AssetSelection.checks(live_agrees_with_batch),
    description="Whether yesterday's live forecasts were what the batch gives on the same day.",
)


def personal_models(assets: Sequence[dg.AssetsDefinition]) -> list[UnresolvedAssetJobDefinition]:
    """The job of many people's personal models, where there are any; on Kubernetes a pump is one pod, not two."""
    if not assets:
        return []
    job = dg.define_asset_job(
        name=JOB,
        selection=dg.AssetSelection.assets(*assets),
        executor_def=dg.in_process_executor,
        description="A personal model for each pump that people.pump_ids names, a partition each.",
    )
    return [job]
