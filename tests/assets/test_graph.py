"""The graph as a whole: what it is made of, what a run leaves, and what the pages show."""

import json
import re

import dagster as dg
import pytest

from bloodtwin_assets.definitions import OWNERS, build_defs
from bloodtwin_core.common.files import sha256_of
from tests.assets.tiny_graph import INGESTION, LIVE, STAGES, Graph, evaluations, materialized

GROUPS = {"ingestion", "data", "training", "evaluation", "exports", "publishing", "control", "live"}
Finished = tuple[Graph, dg.ExecuteInProcessResult]


def test_assets_are_described_for_whoever_opens_the_ui() -> None:
    specs = {spec.key.to_user_string(): spec for spec in build_defs().resolve_all_asset_specs()}
    assert set(specs) == {*INGESTION, *STAGES, *LIVE}
    for spec in specs.values():
        assert spec.description
        assert spec.kinds
        assert spec.group_name in GROUPS
        assert list(spec.owners) == OWNERS


def test_data_flows_one_way() -> None:
    order = [*INGESTION, *STAGES, *LIVE]
    specs = {spec.key.to_user_string(): spec for spec in build_defs().resolve_all_asset_specs()}
    for name, spec in specs.items():
        assert all(order.index(dep.asset_key.to_user_string()) < order.index(name) for dep in spec.deps)
    assert {dep.asset_key.to_user_string() for dep in specs["raw_pump_splits"].deps} == set(INGESTION)


def test_a_run_materializes_everything(finished: Finished) -> None:
    graph, result = finished
    assert result.success
    assert materialized(result) == {*INGESTION, *STAGES, *LIVE}
    store = graph.store
    for path in (
        store.scaler_pickle,
        store.torchscript,
        store.onnx,
        store.onnx_streaming,
        store.test_results,
        store.report,
        store.checkpoints / "best.ckpt",
    ):
        assert path.stat().st_size > 0


def test_the_manifest_holds_every_file_with_its_sha256(finished: Finished) -> None:
    stages = finished[0].store.manifest().stages
    assert set(stages) == set(STAGES)
    for stage in stages.values():
        assert stage.files
        assert stage.packages["torch"] != "not installed"
        for path, sha256 in stage.files.items():
            assert sha256_of(finished[0].store.folder / path) == sha256


def test_data_versions_are_those_of_the_manifest(finished: Finished) -> None:
    graph, result = finished
    for event in result.get_asset_materialization_events():
        materialization = event.materialization
        stage = materialization.asset_key.to_user_string()
        if stage in (*INGESTION, *LIVE):
            continue
        assert materialization.tags["dagster/data_version"] == graph.store.manifest().stages[stage].data_version


def test_every_epoch_is_an_observation(finished: Finished) -> None:
    [event] = finished[1].get_asset_observation_events()
    observed = event.asset_observation_data.asset_observation
    assert observed.asset_key.to_user_string() == "trained_checkpoint"
    numbers = ("train_loss (mg/dL)", "val_mae (mg/dL)", "learning rate", "forecasts per second")
    assert {f"{number}, tiny" for number in numbers} <= set(observed.metadata)


@pytest.mark.parametrize(
    ("asset", "shown"),
    [
        ("trained_checkpoint", ["learning curve"]),
        ("test_results", ["forecasts over a day", "error by horizon"]),
        ("evaluation_report", ["error grid", "error by glucose range", "worst day"]),
    ],
)
def test_pictures_stand_inline_on_the_pages(finished: Finished, asset: str, shown: list[str]) -> None:
    metadata = finished[1].asset_materializations_for_node(asset)[0].metadata
    for name in shown:
        assert "data:image/png;base64,iVBOR" in str(metadata[name].value)


def test_the_page_of_raw_splits_has_a_row_per_pump(finished: Finished) -> None:
    metadata = finished[1].asset_materializations_for_node("raw_pump_splits")[0].metadata
    for name, column in (
        ("pumps", "records"),
        ("pumps", "days"),
        ("glucose (mg/dL)", "in range %"),
        ("insulin (U/day)", "bolus"),
    ):
        table = metadata[name]
        assert isinstance(table, dg.TableMetadataValue)
        assert [record.data["pump"] for record in table.records] == ["sim001", "sim002"]
        assert all(float(record.data[column]) > 0 for record in table.records)
    for pump in ("sim001", "sim002"):
        assert "data:image/png;base64,iVBOR" in str(metadata[f"coverage of {pump}"].value)


def test_the_page_of_results_has_a_row_per_pump_and_the_pooled_one(finished: Finished) -> None:
    table = finished[1].asset_materializations_for_node("test_results")[0].metadata["30 min ahead, available windows"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [record.data["pump"] for record in table.records] == ["sim001", "sim002", "all"]


def test_the_device_and_why_stand_in_the_log(graph: Graph, capfd: pytest.CaptureFixture[str]) -> None:
    graph.run(*STAGES[: STAGES.index("trained_checkpoint") + 1])
    assert re.search(r"Training on cpu in \w+, threads 1: training\.device asks for it; ", capfd.readouterr().err)


def test_all_checks_ran(finished: Finished) -> None:
    found = evaluations(finished[1])
    assert len(found) == 14 + 1 + 4 + 3 + 1 + 6 + 1
    continuity = [check for check in found.values() if check.asset_key.to_user_string() == "raw_pump_splits"]
    assert all(check.passed for check in continuity)
    assert found["onnx_export"].passed
    assert found["torchscript_export"].passed
    assert found["streaming_export"].passed


def test_no_stage_pickles_anything_into_the_instance(finished: Finished) -> None:
    assert not list(finished[0].root.glob("**/storage"))


def test_the_raw_list_is_json_with_relative_paths(finished: Finished) -> None:
    listed = json.loads(finished[0].store.raw_splits.read_text())
    assert all(not file["path"].startswith("/") for file in listed["files"])
