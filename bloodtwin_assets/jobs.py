"""Jobs: named selections of assets."""

import dagster as dg

retraining = dg.define_asset_job(
    name="retraining",
    selection=dg.AssetSelection.all(),
    description="From the pumps' latest records to a checked and exported forecaster.",
    executor_def=dg.in_process_executor,
)
