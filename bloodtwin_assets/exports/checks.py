"""Whether the files that leave forecast what their checkpoint does."""

from typing import TYPE_CHECKING

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.common.identity import page_of
from bloodtwin_assets.exports.assets import onnx_export, streaming_export, torchscript_export
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource

if TYPE_CHECKING:
    from bloodtwin_core.export import ParityReport

PARITY_ADVICE = "Do not use the file. Materialize it again; if it still disagrees, choose another export.opset"


@dg.asset_check(asset=torchscript_export, name="agrees_with_checkpoint", blocking=True)
@failing_in_words
def torchscript_agrees(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.AssetCheckResult:
    """model.ts forecasts the same as the checkpoint on real test windows, to within export.parity_tolerance."""
    from bloodtwin_core.pipeline.exports import torchscript_parity

    return _parity_result(settings, torchscript_parity(artifacts.store(settings), settings.plain()))


@dg.asset_check(asset=onnx_export, name="agrees_with_checkpoint", blocking=True)
@failing_in_words
def onnx_agrees(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.AssetCheckResult:
    """model.onnx forecasts the same as the checkpoint on real test windows, to within export.parity_tolerance."""
    from bloodtwin_core.pipeline.exports import onnx_parity

    return _parity_result(settings, onnx_parity(artifacts.store(settings), settings.plain()))


@dg.asset_check(asset=streaming_export, name="agrees_with_checkpoint", blocking=True)
@failing_in_words
def streaming_agrees(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.AssetCheckResult:
    """model_streaming.onnx, record by record from a zero state, forecasts what the checkpoint does from whole windows.

    On real test windows, to within export.parity_tolerance.
    """
    from bloodtwin_core.pipeline.exports import streaming_parity

    return _parity_result(settings, streaming_parity(artifacts.store(settings), settings.plain()))


def _parity_result(settings: SettingsResource, report: "ParityReport") -> dg.AssetCheckResult:
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
        metadata=page_of(settings, page if report.agrees else {**page, "what to do": PARITY_ADVICE}),
    )
