"""published_model in the graph: what its page and its check say."""

from datetime import date
from pathlib import Path

import dagster as dg

from bloodtwin_assets.definitions import build_defs
from bloodtwin_core.publishing.drift.ledger import JudgedWeek, Measure
from bloodtwin_core.publishing.store import PublishedStore
from bloodtwin_core.serving.published import model_in
from tests.assets.tiny_graph import Graph, evaluations, failure_of
from tests.core.publishing.made import NOW, publish


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


def run_job(graph: Graph, name: str, op: str, **config: str) -> dg.ExecuteInProcessResult:
    job = build_defs().resolve_job_def(name)
    run_config = {**graph.run_config(), "ops": {op: {"config": config}}}
    instance = dg.DagsterInstance.ephemeral()
    return job.execute_in_process(run_config=run_config, instance=instance, raise_on_error=False)


def test_one_action_rolls_back(graph: Graph, tmp_path: Path) -> None:
    published = PublishedStore(graph.store.published)
    for text in ("one", "two"):
        publish(published, tmp_path / "made", text)
    assert run_job(graph, "roll_back", "roll_back_version", why="too many alarms").success
    assert model_in(published.folder, "model.onnx").read_text() == "one"
    again = run_job(graph, "roll_back", "roll_back_version")
    assert "none before 0001-" in failure_of(again, "roll_back_version")


def test_a_week_that_drifted_warns_until_somebody_says_that_they_looked(graph: Graph) -> None:
    far = Measure(name="glucose", about="mean glucose (mg/dL)", value=200, reference=140, distance=60, limit=40)
    week = JudgedWeek(pump="sim001", start=date(2026, 1, 5), content="c", measures=(far,), judged=NOW)
    published = PublishedStore(graph.store.published)
    published.change_ledger(lambda ledger: ledger.with_weeks({("sim001", week.start): week}))
    checks = graph.check("published_model")
    warned = checks["drift_glucose"]
    assert not warned.passed
    assert warned.severity is dg.AssetCheckSeverity.WARN
    assert "--pump sim001 --week 2026-01-05" in str(warned.metadata["what to do"].value)
    assert "data:image/png;base64,iVBOR" in str(warned.metadata["weeks"].value)
    assert checks["drift_missing"].passed
    wrong = run_job(graph, "acknowledge_drift", "acknowledge_week", pump="sim002", week="2026-01-05")
    assert "Open are: sim001 2026-01-05" in failure_of(wrong, "acknowledge_week")
    assert run_job(graph, "acknowledge_drift", "acknowledge_week", pump="sim001", week="2026-01-05").success
    assert graph.check("published_model")["drift_glucose"].passed
