"""onnx_export with export.int8: what its page shows, and that no older file stays."""

import dagster as dg

from bloodtwin_core.serving.onnx_files import load_onnx
from tests.assets.tiny_graph import Graph


def page_of(result: dg.ExecuteInProcessResult) -> dict[str, dg.MetadataValue]:
    assert result.success
    return dict(result.asset_materializations_for_node("onnx_export")[0].metadata)


def test_the_page_shows_error_and_time_of_both_files(copied: Graph) -> None:
    page = page_of(copied.run("onnx_export", export={"int8": True, "int8_max_cost": 50.0, "int8_windows": 30}))
    assert str(page["model_int8.onnx"].value).startswith("written: it costs ")
    assert page["int8 trial windows (validate), tiny"].value == 30
    table = page["32 and 8 bits"]
    assert isinstance(table, dg.TableMetadataValue)
    plain, small = (record.data for record in table.records)
    assert (plain["file"], small["file"]) == ("model.onnx", "model_int8.onnx")
    assert all(float(row[column]) > 0 for row in (plain, small) for column in ("MAE AT30", "ms per window", "kB"))
    assert load_onnx(copied.store.onnx_int8)[1].weights == "int8"
    assert set(copied.store.manifest().stages["onnx_export"].files) == {"model.onnx", "model_int8.onnx"}


def test_an_older_file_does_not_stay_beside_a_new_model(copied: Graph) -> None:
    copied.store.onnx_int8.write_bytes(b"older")
    page = page_of(copied.run("onnx_export"))
    assert page["model_int8.onnx"].value == "not written: export.int8 is off"
    assert not copied.store.onnx_int8.exists()
    assert set(copied.store.manifest().stages["onnx_export"].files) == {"model.onnx"}
