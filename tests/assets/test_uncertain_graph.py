"""An ensemble with attention goes through training, testing and exports; only the streaming export steps aside."""

import dagster as dg

from bloodtwin_core.export import load_onnx
from tests.assets.tiny_graph import Graph, evaluations

BOTH = {"attention": True, "ensemble_size": 2}


def test_an_ensemble_with_attention_is_exported_and_has_no_stream(copied: Graph) -> None:
    assert copied.store.onnx_streaming.exists(), "an older network's"
    names = ("trained_checkpoint", "test_results", "torchscript_export", "onnx_export", "streaming_export")
    result = copied.run(*names, model=BOTH)
    assert result.success
    found = evaluations(result)
    for name in ("torchscript_export", "onnx_export", "streaming_export"):
        assert found[name].passed, found[name].description
    assert load_onnx(copied.store.onnx)[1].members == 2
    assert not copied.store.onnx_streaming.exists()
    [materialization] = result.asset_materializations_for_node("streaming_export")
    assert str(materialization.metadata["model_streaming.onnx"].value).startswith("not written: a forecast with")
    page = result.asset_materializations_for_node("onnx_export")[0].metadata
    assert isinstance(page["disagreement"], dg.TextMetadataValue)
    assert "quantiles: float32 [batch, 12, 7], mg/dL; 5 %, 10 %" in str(page["quantiles"].value)
