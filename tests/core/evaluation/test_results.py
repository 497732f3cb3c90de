"""test_results.yaml: its keys, its numbers, and what it says where there is nothing to say."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import persistence
from bloodtwin_core.evaluation.forecasts import without_uncertainty
from bloodtwin_core.evaluation.keys import Metrics
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.records import Rows, Split
from bloodtwin_core.windows import WindowedSeries
from tests.core.evaluation.hand_made import TESTED, evaluate, two_pumps, wandering, windows_of

KEYS = [
    "test_mae", "test_rmse", "test_mae_30min", "test_mae_60min", "test_mae_at_30min", "test_mae_at_60min",
    "test_rmse_30min", "test_rmse_60min", "test_rmse_at_30min", "test_rmse_at_60min",
]  # fmt: skip


def results_of(windows: WindowedSeries, off_by: float = 0.0) -> TestResults:
    def predict(rows: Rows) -> np.ndarray:
        return windows.targets(rows)[0] + np.float32(off_by)

    return evaluate(windows, without_uncertainty(predict), EvaluationSettings())


def all_gaps(length: int, seed: int) -> np.ndarray:
    glucose = wandering(length, seed)
    glucose[4::7] = np.nan
    return glucose


@pytest.fixture(scope="module")
def results() -> TestResults:
    return results_of(two_pumps(), off_by=3.0)


def test_the_file_holds_the_contracts_keys_for_every_set_pump_and_forecaster(results: TestResults, tmp_path: Path):
    results.write(tmp_path / "test_results.yaml")
    content = yaml.safe_load((tmp_path / "test_results.yaml").read_text())
    assert list(content)[: len(KEYS)] == KEYS
    assert content["test_mae_at_60min"] == pytest.approx(3.0, abs=1e-3)
    assert content["checkpoint_sha256"] == TESTED.checkpoint_sha256
    for window_set in ("complete", "available"):
        assert set(content[window_set]["pumps"]) == {"a", "b"}
        for place in (content[window_set]["pooled"], *content[window_set]["pumps"].values()):
            for forecaster in ("model", "persistence", "ridge", "skill"):
                assert list(place[forecaster]) == KEYS
                assert all(isinstance(value, float) for value in place[forecaster].values())
    assert content["available"]["windows"] > content["complete"]["windows"] > 0
    assert content["complete"]["error_by_step"]["minutes"] == list(range(5, 65, 5))


def test_what_was_written_is_read_back(results: TestResults, tmp_path: Path):
    results.write(tmp_path / "test_results.yaml")
    read = TestResults.read(tmp_path / "test_results.yaml")
    read.write(tmp_path / "again.yaml")
    assert (tmp_path / "again.yaml").read_text() == (tmp_path / "test_results.yaml").read_text()
    assert read.tested == results.tested
    assert read.complete.pumps["b"].model.test_rmse == pytest.approx(
        results.complete.pumps["b"].model.test_rmse, abs=1e-4
    )


def test_a_pump_number_stays_text(tmp_path: Path):
    windows = windows_of({"881235": {split: wandering(90, place) for place, split in enumerate(Split)}})
    results_of(windows).write(tmp_path / "test_results.yaml")
    assert list(TestResults.read(tmp_path / "test_results.yaml").complete.pumps) == ["881235"]


def test_metrics_beyond_the_horizon_are_left_out_and_their_targets_are_not_met(tmp_path: Path):
    results = results_of(two_pumps(horizon=6))
    results.write(tmp_path / "test_results.yaml")
    content = yaml.safe_load((tmp_path / "test_results.yaml").read_text())
    assert "test_mae_at_30min" in content
    assert not any("60min" in key for key in [*content, *content["complete"]["pooled"]["model"]])
    assert content["notes"] == ["The horizon ends at 30 min: there are no metrics for 60 min."]
    assert content["targets"]["mae_at_60min"]["met"] is False
    assert content["targets"]["mae_at_60min"]["reading"] == "not measured: the horizon ends at 30 min"
    assert TestResults.read(tmp_path / "test_results.yaml").headline.test_mae_at_60min is None


def test_without_a_complete_window_the_headline_is_null_and_no_target_is_met(tmp_path: Path):
    windows = windows_of(
        {"a": {Split.train: wandering(90, 1), Split.validate: wandering(90, 2), Split.test: all_gaps(90, 3)}}
    )
    results = results_of(windows)
    results.write(tmp_path / "test_results.yaml")
    content = yaml.safe_load((tmp_path / "test_results.yaml").read_text())
    assert [content[key] for key in KEYS] == [None] * len(KEYS)
    assert content["complete"]["windows"] == 0
    assert content["available"]["pooled"]["model"]["test_mae"] == pytest.approx(0.0, abs=1e-4)
    assert [target["met"] for target in content["targets"].values()] == [False] * 5
    assert "no test window is complete" in content["targets"]["rmse"]["reading"]
    assert TestResults.read(tmp_path / "test_results.yaml").missed_targets == results.targets


def test_targets_are_held_against_the_at_reading_and_show_the_mean():
    target = {target.name: target for target in results_of(two_pumps(), off_by=16.0).targets}
    at_30, at_60 = target["mae_at_30min"], target["mae_at_60min"]
    assert not at_30.met
    assert at_30.missed_by == pytest.approx(1.0, abs=1e-3)
    assert at_30.reading == "16.00 (MEAN 16.00) misses 15 by 1.00"
    assert at_60.met
    assert at_60.missed_by is None
    assert target["rmse"].met


def test_a_target_is_not_met_at_its_limit():
    settings = EvaluationSettings(target_rmse=3.0)
    windows = windows_of({"a": dict.fromkeys(Split, np.full(60, 120.0))})
    off = without_uncertainty(lambda rows: persistence(windows, rows) + np.float32(3))
    found = evaluate(windows, off, settings)
    rmse = next(target for target in found.targets if target.name == "rmse")
    assert (rmse.value, rmse.met, rmse.missed_by) == (3.0, False, 0.0)


def test_no_skill_where_persistence_has_no_error():
    found = results_of(windows_of({"a": dict.fromkeys(Split, np.full(60, 120.0))}))
    assert found.complete.pooled.skill.test_mae is None
    skill = next(target for target in found.targets if target.name == "skill_mae_at_30min")
    assert not skill.met
    assert skill.reading == "not measured: persistence makes no error, so there is no skill"


def test_a_ratio_of_metrics():
    skill = Metrics(test_mae=10.0, test_rmse=5.0).relative_to(Metrics(test_mae=20.0, test_rmse=0.0))
    assert skill == Metrics(test_mae=0.5)


def test_a_missing_file_is_said(tmp_path: Path):
    with pytest.raises(ArtifactMissing, match=r"test_results\.yaml is not there.*Materialize test_results first"):
        TestResults.read(tmp_path / "test_results.yaml")


@pytest.mark.parametrize("damaged", ["", "just text", "targets: [1, 2]", "a: [", "test_mae: 3.0"])
def test_a_damaged_file_is_said(damaged: str, tmp_path: Path):
    (tmp_path / "test_results.yaml").write_text(damaged)
    with pytest.raises(
        ArtifactMissing, match=r"test_results\.yaml is not there or damaged \(.+\)\. Materialize test_results first"
    ):
        TestResults.read(tmp_path / "test_results.yaml")


def test_a_failed_write_keeps_what_stood_there(results: TestResults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "test_results.yaml"
    results.write(path)
    before = path.read_text()
    monkeypatch.setattr(Path, "write_text", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        results.write(path)
    monkeypatch.undo()
    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]
