"""The asset personal_checkpoints, on the tiny graph."""

import dagster as dg

from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.personal.storage import personal_checkpoint, read_personal_index
from tests.assets.tiny_graph import Graph

Finished = tuple[Graph, dg.ExecuteInProcessResult]


def test_the_page_has_a_row_per_pump_with_a_reason(finished: Finished) -> None:
    graph, result = finished
    metadata = result.asset_materializations_for_node("personal_checkpoints")[0].metadata
    table = metadata["pumps"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [record.data["pump"] for record in table.records] == ["sim001", "sim002"]
    outcomes = read_personal_index(graph.store.personal).outcomes
    assert [record.data["why"] for record in table.records] == [outcome.reason for outcome in outcomes]
    assert all(outcome.reason for outcome in outcomes)
    assert metadata["accepted, tiny"].value == sum(outcome.accepted for outcome in outcomes)


def test_too_few_windows_are_said_and_leave_the_unified_network(copied: Graph) -> None:
    result = copied.run("personal_checkpoints", personal={"min_windows": 100_000})
    assert result.success
    assert [path.name for path in copied.store.personal.iterdir()] == ["personal.json"]
    table = result.asset_materializations_for_node("personal_checkpoints")[0].metadata["pumps"]
    assert isinstance(table, dg.TableMetadataValue)
    assert all("too few windows" in str(record.data["why"]) for record in table.records)


def test_with_enough_windows_copies_are_made_of_the_unified_network(copied: Graph) -> None:
    result = copied.run("personal_checkpoints", personal={"min_windows": 20, "max_epochs": 2, "learning_rate": 1e-2})
    assert result.success
    store = copied.store
    unified = load_checkpoint(store.checkpoints / "best.ckpt")
    accepted = [outcome for outcome in read_personal_index(store.personal).outcomes if outcome.accepted]
    assert accepted
    for outcome in accepted:
        assert load_checkpoint(personal_checkpoint(store.personal, outcome.pump_id)).started_from == unified.sha256
    assert "checkpoints/personal/personal.json" in store.manifest().stages["personal_checkpoints"].files
