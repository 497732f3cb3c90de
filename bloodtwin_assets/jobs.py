"""Jobs: named selections of assets."""

import dagster as dg

from bloodtwin_assets.ingestion.assets import INGESTION_GROUP

retraining = dg.define_asset_job(
    name="retraining",
    selection=dg.AssetSelection.all(),
    description="From the pumps' latest records to a checked and exported forecaster.",
    executor_def=dg.in_process_executor,
)

ingestion = dg.define_asset_job(
    name="ingestion",
    selection=dg.AssetSelection.groups(INGESTION_GROUP),
    description="The events that are new in the wearer's cloud or site, fetched to data.root.",
    executor_def=dg.in_process_executor,
)
