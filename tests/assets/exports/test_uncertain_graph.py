"""An ensemble with attention that reads the wearer's past goes through training, testing and every export."""

import dagster as dg

from bloodtwin_core.serving.onnx_files import load_onnx, load_streaming
from tests.assets.tiny_graph import Graph, evaluations

ENSEMBLE = {"ensemble_size": 2, "past": True}


def test_an_ensemble_with_attention_is_exported(copied: Graph) -> None:
    names = ("trained_checkpoint", "test_results", "torchscript_export", "onnx_export", "streaming_export")
    result = copied.run(*names, model=ENSEMBLE)
    assert result.success
    found = evaluations(result)
    for name in ("torchscript_export", "onnx_export", "streaming_export"):
        assert found[name].passed, found[name].description
    for export in (load_onnx(copied.store.onnx), load_streaming(copied.store.onnx_streaming)):
        assert export[1].members == 2
    page = result.asset_materializations_for_node("onnx_export")[0].metadata
    assert isinstance(page["disagreement"], dg.TextMetadataValue)
    assert "quantiles: float32 [batch, 12, 7], mg/dL; 5 %, 10 %" in str(page["quantiles"].value)
    assert "float32 [batch, 36, 8]" in str(page["input"].value)
    assert "mean_glucose" not in str(page["features"].value)
    assert "wearer_past: float32 [batch, 36, 12]" in str(page["input that may be left out"].value)
    stream = result.asset_materializations_for_node("streaming_export")[0].metadata
    assert "float32 [batch, 8]" in str(stream["input"].value)
    assert "wearer_past: float32 [batch, 12], may be left out; mean_glucose_1d" in str(
        stream["input that may be left out"].value
    )
