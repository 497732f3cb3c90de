"""The forecaster as files that run without bloodTwin."""

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.common.identity import page_of
from bloodtwin_assets.exports.pages import export_page, int8_page, streaming_page
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_assets.training.assets import trained_checkpoint


@dg.asset(group_name="exports", kinds={"torchscript"}, deps=[trained_checkpoint])
@failing_in_words
def torchscript_export(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.MaterializeResult[None]:
    """`model.ts`: the forecaster for `torch.jit.load`, in Python or C++.

    Takes records in physical units and gives mg/dL; the scaler is inside. Lookback, horizon, features and units
    stand in the file itself.
    """
    from bloodtwin_core.pipeline.exports import torchscript_stage

    store = artifacts.store(settings)
    checkpoint = torchscript_stage(store, settings.plain())
    version = store.version_of("torchscript_export")
    page = export_page(store.torchscript, version, checkpoint)
    return dg.MaterializeResult(metadata=page_of(settings, page), data_version=dg.DataVersion(version))


@dg.asset(group_name="exports", kinds={"onnx"}, deps=[trained_checkpoint])
@failing_in_words
def onnx_export(
    context: dg.AssetExecutionContext, settings: SettingsResource, artifacts: ArtifactsResource
) -> dg.MaterializeResult[None]:
    """`model.onnx`: the forecaster for onnxruntime, in many languages and on phones.

    Takes records in physical units and gives mg/dL: `prediction` and, for how sure it is, calibrated `quantiles` (5 to
    95 %). The scaler is inside, the recurrent layers stay fused. Lookback, horizon, features, units and levels stand in
    the file's metadata. With `export.int8` there is also `model_int8.onnx`,
    weights in 8 bits, if that costs less than `export.int8_max_cost` on validation windows.
    """
    from bloodtwin_core.pipeline.exports import onnx_stage

    store = artifacts.store(settings)
    exported = onnx_stage(store, settings.plain())
    int8 = exported.int8
    context.log.info("model_int8.onnx: %s: %s", "written" if int8.written else "not written", int8.reason)
    version = store.version_of("onnx_export")
    page = {**export_page(store.onnx, version, exported.checkpoint), **int8_page(int8)}
    return dg.MaterializeResult(metadata=page_of(settings, page), data_version=dg.DataVersion(version))


@dg.asset(group_name="exports", kinds={"onnx"}, deps=[trained_checkpoint])
@failing_in_words
def streaming_export(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.MaterializeResult[None]:
    """`model_streaming.onnx`: the forecaster for one record at a time, for a pump or a phone.

    Takes the record of the last five minutes and the network's state, gives a forecast and the state after it. From a
    zero state, a whole lookback of records gives what `model.onnx` gives.
    """
    from bloodtwin_core.pipeline.exports import streaming_stage

    store = artifacts.store(settings)
    checkpoint = streaming_stage(store, settings.plain())
    version = store.version_of("streaming_export")
    page = streaming_page(store.onnx_streaming, version, checkpoint)
    return dg.MaterializeResult(metadata=page_of(settings, page), data_version=dg.DataVersion(version))
