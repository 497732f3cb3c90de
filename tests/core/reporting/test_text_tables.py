"""Tables show what the results hold: every group and time, with intervals where there are some."""

from dataclasses import replace

import numpy as np
import pytest

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import persistence
from bloodtwin_core.evaluation.difference import difference
from bloodtwin_core.evaluation.forecasts import WindowForecasts, without_uncertainty
from bloodtwin_core.evaluation.groups import AFTER_BOLUS, AFTER_GAP, DAY_PARTS
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.records import Rows, Split
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.text_tables import detailed_tables, difference_table, results_table
from tests.core.evaluation.hand_made import evaluate, forecasts_of, two_pumps, wandering, windows_of

SETTINGS = EvaluationSettings(bootstrap_samples=100)


@pytest.fixture(scope="module")
def results() -> TestResults:
    windows = windows_of({"a": {split: wandering(288 * 8, place) for place, split in enumerate(Split)}})

    def forecast(rows: Rows) -> WindowForecasts:
        prediction = windows.targets(rows)[0] + np.float32(3)
        return WindowForecasts(prediction, np.repeat(prediction[:, :, None], 7, axis=2))

    return evaluate(windows, forecast, SETTINGS)


def rows_of(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_headline_stands_first_with_its_interval(results: TestResults) -> None:
    rows = rows_of(results_table(results))
    assert [row[0] for row in rows[2:6]] == ["MAE AT 30 min", "MAE AT 60 min", "MAE MEAN 30 min", "MAE MEAN 60 min"]
    assert rows[2][1] == "3.00 [3.00, 3.00]"
    skill = results.complete.pooled.intervals
    assert skill is not None
    at_30 = skill.skill["test_mae_at_30min"]
    assert at_30 is not None
    assert rows[2][rows[0].index("skill")] == f"{at_30.value:.3f} [{at_30.low:.3f}, {at_30.high:.3f}]"


def test_every_row_has_a_cell_for_each_column(results: TestResults) -> None:
    for part in f"{results_table(results)}\n\n{detailed_tables(results)}".split("\n\n"):
        assert len({len(row) for row in rows_of(part)}) <= 1


def test_every_group_has_a_row_at_every_reported_time(results: TestResults) -> None:
    text = detailed_tables(results)
    for minutes in (30, 60):
        part = text[text.index(f"{minutes} min ahead, available windows") :]
        rows = {row[0]: row for row in rows_of(part.split("\n\n")[1])}
        assert {*DAY_PARTS, *AFTER_BOLUS, "reading under 54 mg/dL", "all"} <= set(rows)
        assert rows["all"][2] == "3.00 [3.00, 3.00]"
        assert rows["all"][3] == "3.00"
        assert rows[AFTER_GAP[1]][2] == "not measured"


def test_two_models_stand_side_by_side_with_their_difference() -> None:
    target = np.full((80, 12), 120.0)
    mine = forecasts_of(target, target + 2, target)
    text = difference_table(difference(mine, replace(mine, model=mine.target + np.float32(4)), SETTINGS), "another")
    rows = {row[0]: row for row in rows_of(text)}
    assert "Beside another, on 80 complete test windows" in text
    assert rows["mae_at_60min"][1:] == ["2.00", "4.00", "-2.00 [-2.00, -2.00]", "0.500 [0.500, 0.500]"]


def test_too_few_days_for_a_difference_are_said() -> None:
    target = np.full((8, 12), 120.0)
    mine = forecasts_of(target, target, target, days=2)
    assert "Too few days" in difference_table(difference(mine, mine, SETTINGS), "another")


def test_a_longer_horizon_has_its_own_rows_and_a_shorter_one_fewer() -> None:
    for horizon, last in ((24, "MAE AT 120 min"), (6, "MAE AT 30 min")):
        windows = two_pumps(horizon=horizon)
        still = without_uncertainty(lambda rows, windows=windows: persistence(windows, rows))
        found = evaluate(windows, still, SETTINGS)
        at = [row[0] for row in rows_of(results_table(found)) if row[0].startswith("MAE AT")]
        assert at[-1] == last
        assert "80% band" not in detailed_tables(found)


def test_every_glucose_and_error_is_in_the_unit_asked_for(results: TestResults) -> None:
    unit = GlucoseUnit.mmol_l
    in_mg = f"{results_table(results)}\n\n{detailed_tables(results)}"
    in_mmol = f"{results_table(results, unit=unit)}\n\n{detailed_tables(results, unit)}"
    assert "mg/dL" not in in_mmol
    assert in_mmol.count("mmol/L") == in_mg.count("mg/dL")
    assert rows_of(results_table(results, unit=unit))[2][1] == "0.167 [0.167, 0.167]"
    assert "reading 3.0 to 3.9 mmol/L" in in_mmol
    mine = forecasts_of(*(np.full((20 * 288, 2), value) for value in (100.0, 101.0, 105.0)))
    compared = difference(mine, replace(mine, model=mine.target + np.float32(4)), SETTINGS)
    assert "| mae | 0.056 | 0.222 | -0.167 " in difference_table(compared, "another", unit)
