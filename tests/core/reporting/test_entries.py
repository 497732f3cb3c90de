"""One entry is all that a further metric, or a forecaster to stand beside, takes to be seen everywhere."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from bloodtwin_assets.evaluation.pages import results_page
from bloodtwin_core.evaluation import baselines, metrics
from bloodtwin_core.evaluation.baselines import Baseline, without_fit
from bloodtwin_core.evaluation.metrics import Metric
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.records import Glucose, Rows
from bloodtwin_core.reporting.html import html, report_page
from bloodtwin_core.reporting.text_tables import detailed_tables, results_table
from bloodtwin_core.windows import WindowedSeries
from tests.core.reporting.html.made import few_days, material_of, nearly_right

WINDOWS = few_days(1, 400)


def always_120(windows: WindowedSeries, rows: Rows) -> Glucose:
    return np.full((len(rows), windows.horizon), 120, dtype=np.float32)


def relative_error(error: np.ndarray, target: np.ndarray) -> np.ndarray:
    return 100 * np.abs(error) / target


def test_a_metric_is_one_entry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    one = Metric("mard", "MARD", relative_error, unit="%", decimals=1)
    monkeypatch.setattr(metrics, "METRICS", (*metrics.METRICS, one))
    material = material_of(WINDOWS, nearly_right(WINDOWS))
    material.results.write(tmp_path / "test_results.yaml")
    content = yaml.safe_load((tmp_path / "test_results.yaml").read_text())
    target, measured = material.forecasts.target[:, 5], material.forecasts.measured[:, 5]
    expected = (100 * 5.0 / target[measured]).mean()
    pooled = content["available"]["pooled"]
    assert pooled["model"]["test_mard_at_30min"] == pytest.approx(expected, abs=1e-3)
    assert pooled["by_step"]["ar2"]["mard_at"][5] == pooled["ar2"]["test_mard_at_30min"]
    skill = pooled["model"]["test_mard_30min"] / pooled["persistence"]["test_mard_30min"]
    assert pooled["skill"]["test_mard_30min"] == pytest.approx(skill, abs=1e-3)
    assert TestResults.read(tmp_path / "test_results.yaml").table.metrics == ("mae", "rmse", "bias", "mard")
    assert f"| MARD AT 30 min, % | {expected:.1f}" in results_table(material.results)
    assert "MARD (%)" in html(report_page(material))
    page = results_page(material.results, {})
    assert "test_mard (%)" in page
    assert "test_mard_at_30min" in [row.data["figure"] for row in page["figures"].records]


def test_a_forecaster_to_stand_beside_is_one_entry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    one = Baseline("flat", "usual glucose", "the usual glucose", "says 120 mg/dL always", without_fit(always_120))
    monkeypatch.setattr(baselines, "BASELINES", (*baselines.BASELINES, one))
    material = material_of(WINDOWS, nearly_right(WINDOWS))
    np.testing.assert_array_equal(material.forecasts.beside["flat"], np.full(material.forecasts.target.shape, 120))
    material.results.write(tmp_path / "test_results.yaml")
    content = yaml.safe_load((tmp_path / "test_results.yaml").read_text())
    pooled = content["available"]["pooled"]
    target, measured = material.forecasts.target[:, 5], material.forecasts.measured[:, 5]
    mae = np.abs(target[measured] - 120).mean()
    assert pooled["flat"]["test_mae_at_30min"] == pytest.approx(mae, abs=1e-3)
    assert pooled["skill_against_flat"]["test_mae_at_30min"] == pytest.approx(5.0 / mae, abs=1e-3)
    assert content["clinical"]["flat"]["error_grids"]
    assert content["clinical"]["alarms"][0]["flat"]["alarms"] == 0
    read = TestResults.read(tmp_path / "test_results.yaml")
    assert read.table.baselines == ("persistence", "ridge", "ar2", "flat")
    assert read.clinical.alarms[0].beside["flat"].alarms == 0
    assert "| persistence | ridge | ar2 | flat | skill |" in results_table(material.results)
    assert "30 min, flat" in detailed_tables(material.results)
    page = html(report_page(material)).replace("\N{NO-BREAK SPACE}", " ")
    assert "the usual glucose says 120 mg/dL always" in page
    assert "Usual glucose" in page
    table = results_page(material.results, {})["30 min ahead, available windows"]
    assert "flat" in [column.name for column in table.schema.columns]
