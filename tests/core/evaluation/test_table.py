"""The long table holds every figure once, and YAML and views say what it says."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.forecasts import without_uncertainty
from bloodtwin_core.evaluation.metrics import Span, error_sums
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.evaluation.table import Division, FigureName, GroupName, Relation, Row, WindowSet
from bloodtwin_core.records import Split
from tests.core.evaluation.hand_made import evaluate, wandering, windows_of

WINDOWS = windows_of({"a": {split: wandering(288 * 8, place) for place, split in enumerate(Split)}})


@pytest.fixture(scope="module")
def results() -> TestResults:
    off = without_uncertainty(lambda rows: WINDOWS.targets(rows)[0] + np.float32(3))
    return evaluate(WINDOWS, off, EvaluationSettings(bootstrap_samples=100))


def test_every_figure_has_one_row_a_step(results: TestResults) -> None:
    rows = list(results.table.rows())
    keys = [row[:9] for row in rows]
    assert len(set(keys)) == len(keys)
    alone = {row[:7] for row in rows if row.relation is Relation.alone}
    forecasters, metrics = ("model", "persistence", "ridge", "ar2"), ("mae", "rmse", "bias")
    pooled = set(product(WindowSet, [Division.pooled], [""], forecasters, metrics, Span, range(1, 13)))
    assert pooled <= alone
    assert {(row.division, row.group) for row in rows} >= {(Division.pumps, "a"), (Division.gap, rows[-1].group)}


def test_rows_hold_what_the_windows_give(results: TestResults) -> None:
    rows = WINDOWS.origins[Split.test].rows
    last = np.repeat(WINDOWS.series[rows, :1], 12, axis=1)
    errors = error_sums(last, *WINDOWS.targets(rows))

    def row(**of: object) -> Row:
        wanted = {"window_set": "available", "division": "pooled", "relation": "alone", **of}
        (found,) = [row for row in results.table.rows() if all(getattr(row, key) == wanted[key] for key in wanted)]
        return found

    of_persistence = {"forecaster": "persistence", "step": 6}
    assert row(metric="mae", span="at", **of_persistence).value == pytest.approx(errors.mae(6, 6))
    assert row(metric="rmse", span="mean", **of_persistence).value == pytest.approx(errors.rmse(1, 6))
    skill = row(forecaster="model", metric="mae", span="at", step=12, relation="ratio", baseline="persistence")
    assert skill.value == pytest.approx(3.0 / (errors.mae(12, 12) or 0.0), rel=1e-4)
    assert skill.low is not None
    assert skill.low < (skill.value or 0.0) < (skill.high or 0.0)
    less = row(forecaster="model", metric="mae", span="at", step=12, relation="difference", baseline="persistence")
    assert less.value == pytest.approx(3.0 - (errors.mae(12, 12) or 0.0), rel=1e-4)


def test_the_table_survives_the_file(results: TestResults, tmp_path: Path) -> None:
    results.write(tmp_path / "results.yaml")
    read = TestResults.read(tmp_path / "results.yaml").table
    assert read.groups == results.table.groups
    for before, again in zip(sorted(results.table.rows(), key=str), sorted(read.rows(), key=str), strict=True):
        assert again[:9] == before[:9]
        for value, kept in zip(before[9:], again[9:], strict=True):
            assert (kept is None) == (value is None)
            assert kept is None or kept == pytest.approx(value, abs=1e-4)


def test_what_the_table_does_not_know_is_said(results: TestResults) -> None:
    pooled = GroupName(WindowSet.complete, Division.pooled)
    for figure in (FigureName("model", "mea", Span.at), FigureName("nobody", "mae", Span.at)):
        with pytest.raises(KeyError, match="only mae, rmse, bias of model, persistence, ridge, ar2"):
            results.table.at(pooled, figure, 1)
    with pytest.raises(AttributeError, match="no metric is called test_mea"):
        _ = results.headline.test_mea
