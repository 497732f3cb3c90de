"""All of the graph together: assets, checks, resources, job and schedule."""

from collections.abc import Mapping

import dagster as dg

from bloodtwin_assets.assets.data import fitted_scaler, raw_pump_splits, windowed_tensors
from bloodtwin_assets.assets.evaluation import test_results
from bloodtwin_assets.assets.exports import onnx_export, streaming_export, torchscript_export
from bloodtwin_assets.assets.ingestion import INGESTION_ASSETS
from bloodtwin_assets.assets.personal import personal_checkpoints
from bloodtwin_assets.assets.report import evaluation_report
from bloodtwin_assets.assets.training import trained_checkpoint
from bloodtwin_assets.checks import CHECKS
from bloodtwin_assets.jobs import ingestion, retraining
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_assets.schedules import regular_ingestion, weekly_retraining

ASSETS = [
    *INGESTION_ASSETS,
    raw_pump_splits,
    fitted_scaler,
    windowed_tensors,
    trained_checkpoint,
    personal_checkpoints,
    test_results,
    evaluation_report,
    torchscript_export,
    onnx_export,
    streaming_export,
]
OWNERS = ["team:bloodtwin"]


def build_defs(resource_overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """The graph, made anew; resource_overrides replaces resources by name, as tests do."""
    return dg.Definitions(
        assets=[asset.map_asset_specs(lambda spec: spec.replace_attributes(owners=OWNERS)) for asset in ASSETS],
        asset_checks=CHECKS,
        resources={"settings": SettingsResource(), "artifacts": ArtifactsResource(), **(resource_overrides or {})},
        jobs=[retraining, ingestion],
        schedules=[weekly_retraining, regular_ingestion],
        # One process: imports alone would cost several seconds for every stage, and there is one machine.
        executor=dg.in_process_executor,
    )


defs = build_defs()
