"""The closing screen: targets with their verdict, in the unit of the settings, and never a number on the wrong side."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.cli.closing import closing
from bloodtwin_core.cli.run_log import RunLog
from bloodtwin_core.config import EvaluationSettings, Settings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.records import Split
from bloodtwin_core.windows import Origins
from tests.core.reporting.html.made import few_days, material_of, nearly_right

WINDOWS = few_days()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ArtifactStore:
    """What a test of forecasts that are 18 mg/dL off has left."""
    kept = ArtifactStore(tmp_path_factory.mktemp("model"))
    material_of(WINDOWS, nearly_right(WINDOWS, 18.0)).results.write(kept.test_results)
    return kept


def screen(store: ArtifactStore, unit: str) -> str:
    log = RunLog(materialized=["test_results"])
    settings = Settings(evaluation=EvaluationSettings(unit=unit))
    return closing(log, store, settings, 61.0, Path("run.log"))


def test_targets_are_told_with_what_was_reached(store: ArtifactStore) -> None:
    lines = screen(store, "mg/dL").splitlines()
    words = [" ".join(line.split()) for line in lines]
    assert words[1] == "error in 30 min, MAE 18.00 mg/dL below 15: missed by 3.00"
    assert words[2] == "error in 60 min, MAE 18.00 mg/dL below 20: met"
    assert "12.60, 20.41 and 19.46 mg/dL" in "\n".join(lines)


def test_all_of_it_is_in_the_unit_of_the_settings(store: ArtifactStore) -> None:
    text = screen(store, "mmol/L")
    assert "0.999 mmol/L   below 0.833: missed by 0.167" in text
    assert "0.699, 1.133 and 1.080 mmol/L" in text
    assert "mg/dL" not in text


def test_what_was_not_measured_is_said_so(tmp_path: Path) -> None:
    windows, other = few_days(1, 300, horizon=3), ArtifactStore(tmp_path)
    material_of(windows, nearly_right(windows)).results.write(other.test_results)
    assert "not measured: the horizon ends at 15 min" in screen(other, "mg/dL")


def test_where_every_window_has_a_gap_it_tells_what_was_reached_despite_them(tmp_path: Path) -> None:
    windows, other = few_days(), ArtifactStore(tmp_path)
    gappy = {split: Origins(found.rows, np.zeros_like(found.complete)) for split, found in windows.origins.items()}
    windows = dataclasses.replace(windows, origins=gappy)
    material_of(windows, nearly_right(windows, 18.0)).results.write(other.test_results)
    words = [" ".join(line.split()) for line in screen(other, "mg/dL").splitlines()]
    assert words[1].startswith("error in 30 min, MAE not measured")
    assert words[4].startswith("the same in 30 min, with gaps 18.00 mg/dL ")
    assert words[5].endswith(f" of persistence's, on {len(gappy[Split.test].rows):,} windows")
