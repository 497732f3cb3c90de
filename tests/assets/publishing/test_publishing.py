"""published_model in the graph: what its page and its check say."""

import dagster as dg

from tests.assets.tiny_graph import Graph, evaluations


def test_too_few_days_publish_nothing_and_say_so(finished: tuple[Graph, dg.ExecuteInProcessResult]) -> None:
    graph, result = finished
    page = result.asset_materializations_for_node("published_model")[0].metadata
    assert "refused" in str(page["verdict"].value)
    assert "too few to tell it from persistence" in str(page["why"].value)
    assert page["in use"].value == "nothing published"
    assert not (graph.store.published / "published.json").exists()
    check = evaluations(result)["candidate_published"]
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.WARN
    assert "what was in use stays in use" in str(check.metadata["what to do"].value)


def test_the_page_has_a_row_for_each_condition(finished: tuple[Graph, dg.ExecuteInProcessResult]) -> None:
    page = finished[1].asset_materializations_for_node("published_model")[0].metadata
    conditions = page["conditions"]
    assert isinstance(conditions, dg.TableMetadataValue)
    assert {record.data["condition"] for record in conditions.records} >= {
        "better than persistence",
        "exports agree and load",
        "no open drift",
    }
