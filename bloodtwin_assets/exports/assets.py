"""The forecaster as files that run without bloodTwin."""

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.exports.pages import export_page, int8_page, streaming_page
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_assets.training.assets import trained_checkpoint
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.export import (
    export_int8,
    export_onnx,
    export_streaming,
    export_torchscript,
    facts_of,
    list_model,
    streaming_facts,
    write_test_vector,
)
from bloodtwin_core.pipeline.upstream import current_checkpoint, current_windows


@dg.asset(group_name="exports", kinds={"torchscript"}, deps=[trained_checkpoint])
@failing_in_words
def torchscript_export(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.MaterializeResult[None]:
    """`model.ts`: the forecaster for `torch.jit.load`, in Python or C++.

    Takes records in physical units and gives mg/dL; the scaler is inside. Lookback, horizon, features and units
    stand in the file itself.
    """
    store = artifacts.store(settings)
    _, index = current_windows(store, settings.data)
    checkpoint = current_checkpoint(store, settings.model, index)
    export_torchscript(checkpoint, store.torchscript)
    list_model(store.torchscript, facts_of(checkpoint))
    version = sha256_of(store.torchscript)
    store.record("torchscript_export", [store.torchscript], version, settings.used("model"))
    page = export_page(store.torchscript, version, checkpoint)
    return dg.MaterializeResult(metadata=page, data_version=dg.DataVersion(version))


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
    store = artifacts.store(settings)
    windows, index = current_windows(store, settings.data)
    checkpoint = current_checkpoint(store, settings.model, index)
    export_onnx(checkpoint, store.onnx, settings.export)
    list_model(store.onnx, facts_of(checkpoint))
    write_test_vector(store.onnx, store.test_vector)
    int8 = export_int8(checkpoint, store.onnx, store.onnx_int8, windows, settings.export)
    context.log.info("model_int8.onnx: %s: %s", "written" if int8.written else "not written", int8.reason)
    version = sha256_of(store.onnx)
    files = [store.onnx, store.onnx_int8] if int8.written else [store.onnx]
    store.record("onnx_export", files, version, settings.used("model", "export"))
    page = {**export_page(store.onnx, version, checkpoint), **int8_page(int8)}
    return dg.MaterializeResult(metadata=page, data_version=dg.DataVersion(version))


@dg.asset(group_name="exports", kinds={"onnx"}, deps=[trained_checkpoint])
@failing_in_words
def streaming_export(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.MaterializeResult[None]:
    """`model_streaming.onnx`: the forecaster for one record at a time, for a pump or a phone.

    Takes the record of the last five minutes and the network's state, gives a forecast and the state after it. From a
    zero state, a whole lookback of records gives what `model.onnx` gives.
    """
    store = artifacts.store(settings)
    _, index = current_windows(store, settings.data)
    checkpoint = current_checkpoint(store, settings.model, index)
    export_streaming(checkpoint, store.onnx_streaming, settings.export)
    list_model(store.onnx_streaming, streaming_facts(checkpoint))
    version = sha256_of(store.onnx_streaming)
    store.record("streaming_export", [store.onnx_streaming], version, settings.used("model", "export"))
    page = streaming_page(store.onnx_streaming, version, checkpoint)
    return dg.MaterializeResult(metadata=page, data_version=dg.DataVersion(version))
