"""One setting, evaluation.unit, and every figure on the pages is in mmol/L; files stay as they are."""

import dagster as dg
import pytest
import yaml

from bloodtwin_core.records.glucose_units import MG_PER_DL_PER_MMOL_PER_L
from tests.assets.tiny_graph import Graph

SHOWN = (
    "raw_pump_splits",
    "trained_checkpoint",
    "personal_checkpoints",
    "test_results",
    "alarm_levels",
    "evaluation_report",
)


def shown(value: dg.MetadataValue) -> str:
    """What a page shows of an entry; pictures stand in theirs as text that nobody reads."""
    if isinstance(value, dg.TableMetadataValue):
        columns = [f"{column.name} {column.description}" for column in value.schema.columns]
        return " ".join([*columns, *(str(cell) for row in value.records for cell in row.data.values())])
    return "" if isinstance(value, dg.MarkdownMetadataValue) else str(value.value)


@pytest.fixture(scope="module")
def in_mmol(tmp_path_factory: pytest.TempPathFactory) -> tuple[Graph, dg.ExecuteInProcessResult]:
    graph = Graph(tmp_path_factory.mktemp("mmol") / "artifacts")
    return graph, graph.run("fitted_scaler", "windowed_tensors", *SHOWN, evaluation={"unit": "mmol/L"})


@pytest.mark.parametrize("name", SHOWN)
def test_pages_are_in_the_unit_that_is_asked_for(name: str, in_mmol: tuple[Graph, dg.ExecuteInProcessResult]) -> None:
    _, result = in_mmol
    [page] = result.asset_materializations_for_node(name)
    said = {label: f"{label} {shown(value)}" for label, value in page.metadata.items()}
    assert [text for text in said.values() if "mg/dL" in text] == []
    assert any("mmol/L" in text for text in said.values())


def test_the_checks_are_too_and_files_are_not(in_mmol: tuple[Graph, dg.ExecuteInProcessResult]) -> None:
    graph, result = in_mmol
    kept = yaml.safe_load(graph.store.test_results.read_text())
    assert "mg/dL" in kept["units"]
    [page] = result.asset_materializations_for_node("test_results")
    told = page.metadata["test_mae_at_30min (mmol/L), tiny"].value
    assert told == pytest.approx(kept["test_mae_at_30min"] / MG_PER_DL_PER_MMOL_PER_L, rel=1e-4)
    [mae] = [each for each in result.get_asset_check_evaluations() if each.check_name == "mae_30min"]
    assert mae.metadata["mae_at_30min (mmol/L), tiny"].value == told
    assert mae.metadata["mae_at_30min (mmol/L): limit, tiny"].value == pytest.approx(
        15 / MG_PER_DL_PER_MMOL_PER_L, rel=1e-4
    )
    assert "0.833" in (mae.description or "")
