"""What the version before left still loads, and a test gives the figures that it gave."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.forecasts import WindowForecasts
from bloodtwin_core.evaluation.forecasts_files import INDEX, read_forecasts
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.evaluation.testing import measured_results, store_forecasts
from bloodtwin_core.records import Rows, Split
from tests.core.evaluation.hand_made import TESTED, evaluate, wandering, windows_of

BEFORE = Path(__file__).parent / "results_before.yaml"
"""Written by the version before baselines and metrics stood in tables, from the windows and forecasts made here."""
HORIZON = 6
SETTINGS = EvaluationSettings(bootstrap_samples=100)


def gappy(length: int, seed: int) -> np.ndarray:
    glucose = wandering(length, seed)
    glucose[[40, 41, 42, 43, 300, 700]] = np.nan
    return glucose


WINDOWS = windows_of(
    {
        pump: {
            Split.train: wandering(300, 10 * place + 1),
            Split.validate: wandering(120, 10 * place + 2),
            Split.test: gappy(1152, 10 * place + 3),
        }
        for place, pump in enumerate("ab")
    },
    HORIZON,
)


def forecast(rows: Rows) -> WindowForecasts:
    off = 4 * np.sin(rows[:, None] + np.arange(HORIZON))
    return WindowForecasts(WINDOWS.targets(rows)[0] + off.astype(np.float32))


def differences(before: Any, now: Any, where: str = "") -> list[str]:
    """Where something that was there is missing or another figure; what is new is not looked at."""
    if isinstance(before, dict):
        missing = [f"{where}.{key} is missing" for key in before if key not in now]
        kept = [key for key in before if key in now]
        return missing + [each for key in kept for each in differences(before[key], now[key], f"{where}.{key}")]
    if isinstance(before, list) and len(before) == len(now):
        pairs = enumerate(zip(before, now, strict=True))
        return [each for place, pair in pairs for each in differences(*pair, f"{where}[{place}]")]
    same = now == pytest.approx(before, abs=2e-4) if isinstance(before, float) else now == before
    return [] if same else [f"{where}: {before} is now {now}"]


def test_a_test_gives_the_keys_and_figures_that_it_gave(tmp_path: Path) -> None:
    evaluate(WINDOWS, forecast, SETTINGS).write(tmp_path / "test_results.yaml")
    before, now = (yaml.safe_load(path.read_text()) for path in (BEFORE, tmp_path / "test_results.yaml"))
    assert not differences({**before, "units": now["units"]}, now)
    assert "ar2" in now["complete"]["pooled"]


def test_results_without_a_baseline_are_read_without_it_and_written_as_they_were(tmp_path: Path) -> None:
    results = TestResults.read(BEFORE)
    assert results.table.baselines == ("persistence", "ridge")
    assert results.baselines["ridge"]["training_windows"] > 0
    results.write(tmp_path / "again.yaml")
    before, again = (yaml.safe_load(path.read_text()) for path in (BEFORE, tmp_path / "again.yaml"))
    assert again == {**before, "units": again["units"]}


def test_forecasts_without_a_baseline_are_read_and_measured_without_it(tmp_path: Path) -> None:
    folder = tmp_path / "forecasts"
    store_forecasts(folder, WINDOWS, forecast, SETTINGS, TESTED)
    (folder / "ar2.npy").unlink()
    index = json.loads((folder / INDEX).read_text())
    ridge = index.pop("baselines")["ridge"]
    (folder / INDEX).write_text(json.dumps({**index, "ridge": ridge}))
    forecasts, read = read_forecasts(folder)
    assert list(forecasts.beside) == ["persistence", "ridge"]
    assert read.baselines == {"persistence": {}, "ridge": ridge}
    results = measured_results(folder, WINDOWS, SETTINGS)
    assert results.table.forecasters == ("model", "persistence", "ridge")
