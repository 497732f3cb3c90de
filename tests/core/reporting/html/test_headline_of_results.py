"""Findings: what is planted in forecasts is found in them."""

from dataclasses import replace

import numpy as np
import pytest

from bloodtwin_core.evaluation.baselines import persistence
from bloodtwin_core.evaluation.forecasts import without_uncertainty
from bloodtwin_core.records import Split
from bloodtwin_core.reporting.html.headline_of_results import headline_of, near_share
from tests.core.evaluation.hand_made import wandering, windows_of
from tests.core.reporting.html.made import few_days, material_of, nearly_right

WINDOWS = few_days()


def test_the_errors_are_those_that_were_made():
    found = headline_of(material_of(WINDOWS, nearly_right(WINDOWS, 5.0)))
    assert [ahead.minutes for ahead in found.ahead] == [30, 60]
    assert [ahead.mae for ahead in found.ahead] == pytest.approx([5.0, 5.0], abs=1e-3)
    assert [ahead.near for ahead in found.ahead] == [1.0, 1.0]
    assert (found.pumps, found.unseen_people) == (2, 0)
    assert found.windows == len(WINDOWS.origins[Split.test])
    assert found.missed == ()


def test_the_pump_with_the_largest_errors_is_named():
    found = headline_of(material_of(WINDOWS, nearly_right(WINDOWS, 5.0, pump="b", extra=30.0)))
    assert ("for pump b", 35.0) in [(where.place, round(where.mae, 2)) for where in found.worst]


def test_nothing_stands_out_where_errors_are_alike():
    assert headline_of(material_of(WINDOWS, nearly_right(WINDOWS, 5.0))).worst == ()


def test_missed_targets_are_named_with_what_was_reached():
    found = headline_of(material_of(WINDOWS, nearly_right(WINDOWS, 40.0)))
    assert "MAE at 30 minutes below 15 mg/dL (40.00)" in found.missed
    assert "RMSE over the first 60 minutes below 25 mg/dL (40.00)" in found.missed
    assert any(missed.startswith("skill at 60 minutes below 1 (") for missed in found.missed)


def test_lows_forecast_too_high_are_found():
    low = wandering(700, 3) - 80
    windows = windows_of({"a": {Split.train: wandering(700, 1), Split.validate: wandering(700, 2), Split.test: low}})

    def too_high(rows: np.ndarray) -> np.ndarray:
        return windows.targets(rows)[0] + 12

    found = headline_of(material_of(windows, without_uncertainty(too_high)))
    assert found.low_bias == pytest.approx(12, abs=1e-3)
    assert found.lows is not None
    assert found.bands is None


def test_a_pump_that_training_knows_nothing_of_is_an_unseen_person():
    material = material_of(WINDOWS, nearly_right(WINDOWS))
    unknown = np.where(material.forecasts.pump == "b", "z", material.forecasts.pump)
    assert headline_of(replace(material, forecasts=replace(material.forecasts, pump=unknown))).unseen_people == 1


def test_a_horizon_of_less_than_half_an_hour_is_judged_at_its_end():
    windows = few_days(1, 300, horizon=3)
    found = headline_of(material_of(windows, without_uncertainty(lambda rows: persistence(windows, rows))))
    assert [ahead.minutes for ahead in found.ahead] == [15]
    assert found.lows is None


@pytest.mark.parametrize(
    ("reading", "forecast", "near"),
    [(60, 80, 1), (60, 81, 0), (100, 120, 1), (200, 240, 1), (200, 241, 0), (200, 160, 1)],
)
def test_near_is_within_20_or_a_fifth_of_the_reading(reading: float, forecast: float, near: float):
    assert near_share(np.array([reading], dtype=np.float32), np.array([forecast], dtype=np.float32)) == near
