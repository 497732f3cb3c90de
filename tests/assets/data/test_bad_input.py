"""What a user can mend fails in words, and what stood before still stands."""

from pathlib import Path
from typing import Any

import pytest

from bloodtwin_core.records import Split
from tests.assets.tiny_graph import Graph, failure_of


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"source": "bloodbank", "root": "nowhere"}, "Point data.root"),
        ({"source": "bloodbank"}, "data.root is not set"),
        ({"source": "dexcom"}, "Choose one of simulator, apple_health, azt1d, bloodbank"),
        ({"pump_ids": ["881235"]}, "881235"),
    ],
)
def test_a_source_without_data_says_what_to_do(copied: Graph, data: dict[str, Any], said: str) -> None:
    before = copied.files()
    result = copied.run(data=data)
    assert not result.success
    assert said in failure_of(result, "raw_pump_splits")
    assert copied.files() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("# data_version: 2.0\n", "header"),
        ("timestamp,glucose\n2024-01-01T00:00:00Z,100\n", "column bg"),
    ],
)
def test_an_unreadable_file_is_named_and_nothing_is_written_over(
    copied: Graph, tmp_path: Path, text: str, said: str
) -> None:
    bank = tmp_path / "bank"
    copied.store.split_files.rename(bank)
    broken = next((bank / "pump_sim002" / "test").glob("*.csv"))
    broken.write_text(text)
    before = copied.files()
    result = copied.run(data={"source": "bloodbank", "root": str(bank)})
    message = failure_of(result, "raw_pump_splits")
    assert str(broken) in message
    assert said in message
    assert copied.files() == before


def test_a_split_too_short_for_a_window_leaves_the_old_windows(copied: Graph) -> None:
    before = copied.files()
    result = copied.run("windowed_tensors", data={"lookback": 2000})
    assert "the longest segment has" in failure_of(result, "windowed_tensors")
    assert copied.files() == before


def test_a_file_changed_since_it_was_listed_is_refused(copied: Graph) -> None:
    path = copied.edit_split("sim001", Split.train, lambda rows: rows[:-1])
    result = copied.run("fitted_scaler")
    assert f"{path} changed" in failure_of(result, "fitted_scaler")


@pytest.mark.parametrize(
    ("stage", "changes", "said"),
    [
        ("fitted_scaler", {"data": {"simulator": {"pumps": 3, "days": 6}}}, "raw_pump_splits was made with other"),
        ("trained_checkpoint", {"data": {"lookback": 48}}, "data.lookback was 36 and is 48 now"),
        ("test_results", {"model": {"hidden_size": 5}}, "model.hidden_size was 4 and is 5 now"),
        ("onnx_export", {"model": {"hidden_size": 5}}, "Materialize trained_checkpoint again"),
    ],
)
def test_what_older_settings_made_is_refused(
    copied: Graph, stage: str, changes: dict[str, dict[str, Any]], said: str
) -> None:
    before = copied.files()
    result = copied.run(stage, **changes)
    assert said in failure_of(result, stage)
    assert copied.files() == before


def test_windows_of_other_records_are_refused(copied: Graph) -> None:
    data = {"simulator": {"pumps": 2, "days": 7}}
    assert copied.run("raw_pump_splits", data=data).success
    result = copied.run("windowed_tensors", data=data)
    assert "was fitted on other split files" in failure_of(result, "windowed_tensors")


def test_who_wore_which_pump_makes_nothing_old(copied: Graph) -> None:
    assert copied.run("fitted_scaler", data={"wearers": {"anna": ["sim001"]}}).success


def test_a_stage_without_what_stands_before_it_says_what_to_materialize(graph: Graph) -> None:
    result = graph.run("trained_checkpoint")
    assert "Materialize raw_pump_splits" in failure_of(result, "trained_checkpoint")


def test_an_artifacts_folder_that_cannot_be_written_is_named(graph: Graph) -> None:
    graph.root.write_text("a file where the folder should be")
    result = graph.run("raw_pump_splits")
    message = failure_of(result, "raw_pump_splits")
    assert str(graph.root) in message
    assert "artifacts.root" in message
