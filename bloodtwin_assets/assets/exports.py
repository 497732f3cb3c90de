"""The forecaster as files that run without bloodTwin."""

import dagster as dg

from bloodtwin_assets.assets.training import trained_checkpoint
from bloodtwin_assets.failures import failing_in_words
from bloodtwin_assets.inputs import current_checkpoint, current_windows
from bloodtwin_assets.pages.exports import export_page
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.export import export_onnx, export_torchscript
from bloodtwin_core.files import sha256_of


@dg.asset(group_name="exports", kinds={"torchscript"}, deps=[trained_checkpoint])
@failing_in_words
def torchscript_export(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.MaterializeResult[None]:
    """`model.ts`: the forecaster for `torch.jit.load`, in Python or C++.

    Takes records in physical units and gives mg/dL; the scaler is inside. Lookback, horizon, features and units
    stand in the file itself.
    """
    store = artifacts.store(settings)
    _, index = current_windows(store, settings)
    checkpoint = current_checkpoint(store, settings, index)
    export_torchscript(checkpoint, store.torchscript)
    version = sha256_of(store.torchscript)
    store.record("torchscript_export", [store.torchscript], version, settings.used("model"))
    page = export_page(store.torchscript, version, checkpoint)
    return dg.MaterializeResult(metadata=page, data_version=dg.DataVersion(version))


@dg.asset(group_name="exports", kinds={"onnx"}, deps=[trained_checkpoint])
@failing_in_words
def onnx_export(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.MaterializeResult[None]:
    """`model.onnx`: the forecaster for onnxruntime, in many languages and on phones.

    Takes records in physical units and gives mg/dL; the scaler is inside, the recurrent layers stay fused. Lookback,
    horizon, features and units stand in the file's metadata.
    """
    store = artifacts.store(settings)
    _, index = current_windows(store, settings)
    checkpoint = current_checkpoint(store, settings, index)
    export_onnx(checkpoint, store.onnx, settings.export)
    version = sha256_of(store.onnx)
    store.record("onnx_export", [store.onnx], version, settings.used("model", "export"))
    page = export_page(store.onnx, version, checkpoint)
    return dg.MaterializeResult(metadata=page, data_version=dg.DataVersion(version))
