"""Whether the files that leave forecast what their checkpoint does."""

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.exports.assets import onnx_export, streaming_export, torchscript_export
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.export import parity
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.upstream import current_checkpoint, current_windows
from bloodtwin_core.serving.facts import Predict
from bloodtwin_core.serving.onnx_files import load_onnx, load_streaming
from bloodtwin_core.serving.torchscript import load_torchscript

PARITY_ADVICE = "Do not use the file. Materialize it again; if it still disagrees, choose another export.opset"


@dg.asset_check(asset=torchscript_export, name="agrees_with_checkpoint", blocking=True)
@failing_in_words
def torchscript_agrees(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.AssetCheckResult:
    """model.ts forecasts the same as the checkpoint on real test windows, to within export.parity_tolerance."""
    store = artifacts.store(settings)
    return _parity_result(load_torchscript(store.torchscript)[0], store, settings)


@dg.asset_check(asset=onnx_export, name="agrees_with_checkpoint", blocking=True)
@failing_in_words
def onnx_agrees(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.AssetCheckResult:
    """model.onnx forecasts the same as the checkpoint on real test windows, to within export.parity_tolerance."""
    store = artifacts.store(settings)
    return _parity_result(load_onnx(store.onnx)[0], store, settings)


@dg.asset_check(asset=streaming_export, name="agrees_with_checkpoint", blocking=True)
@failing_in_words
def streaming_agrees(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.AssetCheckResult:
    """model_streaming.onnx, record by record from a zero state, forecasts what the checkpoint does from whole windows.

    On real test windows, to within export.parity_tolerance.
    """
    store = artifacts.store(settings)
    return _parity_result(load_streaming(store.onnx_streaming)[0], store, settings)


def _parity_result(predict: Predict, store: ArtifactStore, settings: SettingsResource) -> dg.AssetCheckResult:
    windows, index = current_windows(store, settings.data)
    report = parity(predict, current_checkpoint(store, settings.model, index), windows, settings.export)
    page: dict[str, str | float | int] = {
        "largest difference (mg/dL)": report.largest_difference,
        "at pump": report.pump_id,
        "at origin (UTC)": str(report.origin),
        "tolerance (mg/dL)": report.tolerance,
        "windows": report.windows,
    }
    return dg.AssetCheckResult(
        passed=report.agrees,
        description=f"On {report.windows} test windows it differs by at most {report.largest_difference:.2g} mg/dL; "
        f"{report.tolerance:g} is allowed.",
        metadata=page if report.agrees else {**page, "what to do": PARITY_ADVICE},
    )
