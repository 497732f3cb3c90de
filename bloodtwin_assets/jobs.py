"""Jobs: named selections of assets."""

import dagster as dg

from bloodtwin_assets.ingestion.assets import INGESTION_GROUP
from bloodtwin_assets.live.assets import LIVE_GROUP, LIVE_JOB, latest_forecasts
from bloodtwin_assets.live.checks import live_agrees_with_batch

retraining = dg.define_asset_job(
    name="retraining",
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups(LIVE_GROUP),
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
