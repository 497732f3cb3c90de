"""Bands calibrated on people left out: they hold what they say, and nobody is judged by offsets of their own."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.unseen_people.insulin.alarm_head import alarm_table, chances_of_low, lows_by_head
from benchmarks.unseen_people.insulin.band_widths import widened, widths_of, widths_table
from benchmarks.unseen_people.insulin.bands import (
    STEEP,
    WAYS,
    bands_table,
    by_level_and_insulin,
    by_level_and_trend,
    calibrated,
    trend,
)
from benchmarks.unseen_people.insulin.forecasts import LeftOutForecasts
from benchmarks.unseen_people.insulin.judging import coverage_by_step
from bloodtwin_core.network.levels import QUANTILE_LEVELS

DAY = 288


def some_forecasts(people: list[str], spread: float, seed: int) -> LeftOutForecasts:
    """Windows of a day each, whose readings lie around the forecast with a spread that the quantiles halve."""
    random = np.random.default_rng(seed)
    count = len(people) * DAY
    last = np.full(count, 120.0, dtype=np.float32)
    target = (last[:, None] + spread * random.uniform(-1, 1, (count, 12))).astype(np.float32)
    levels = np.array(QUANTILE_LEVELS, dtype=np.float32)
    quantiles = np.broadcast_to(120 + spread * (levels - 0.5), (count, 12, len(levels))).astype(np.float32)
    point = np.repeat(last[:, None], 12, axis=1)
    return LeftOutForecasts(
        pump=np.repeat(people, DAY),
        timestamp=np.tile(np.datetime64("2024-01-01", "s") + np.arange(DAY) * np.timedelta64(300, "s"), len(people)),
        last=last,
        complete=np.ones(count, dtype=np.bool_),
        known=np.ones(count, dtype=np.bool_),
        target=target,
        measured=np.ones_like(target, dtype=np.bool_),
        told=point,
        told_quantiles=quantiles,
        hidden=point,
        hidden_quantiles=quantiles,
        ar2=point,
        ridge=point,
    )


FOLDS = [some_forecasts(["1", "brist1d_P01"], 40.0, seed=1), some_forecasts(["2", "brist1d_P02"], 40.0, seed=2)]
KNOWN = [some_forecasts(["3"], 40.0, seed=3)] * 2


@pytest.mark.parametrize("name", list(WAYS))
def test_bands_hold_what_they_say_after_calibration(name: str) -> None:
    quantiles = calibrated(FOLDS, KNOWN, WAYS[name])
    together = LeftOutForecasts.together(FOLDS)
    for of_condition in quantiles.values():
        held = coverage_by_step(together, of_condition)
        if WAYS[name] is None:
            assert held.max() < 0.5, "as they were"
        else:
            assert abs(held - 0.8).max() < 0.08


@pytest.mark.parametrize("name", [name for name, way in WAYS.items() if way])
def test_nobody_has_a_part_in_the_offsets_they_are_judged_by(name: str) -> None:
    first = FOLDS[0]
    own = first.pump == "1"
    odd = replace(first, target=np.where(own[:, None], first.target + 200, first.target).astype(np.float32))
    before, after = (calibrated([each, FOLDS[1]], KNOWN, WAYS[name])["told"][: len(first)] for each in (first, odd))
    np.testing.assert_array_equal(before[own], after[own])


def test_groups_know_the_trend_of_half_an_hour_and_whether_insulin_is_known() -> None:
    (found,) = KNOWN[:1]
    rising = replace(found, last=(100 + np.arange(len(found)) * (STEEP / 6 + 0.1)).astype(np.float32))
    assert trend(rising)[:6].tolist() == [0] * 6, "of what was before nothing is known"
    assert trend(rising)[6:].min() > STEEP
    groups = by_level_and_trend(rising, "told") % 3
    assert set(groups[:6]) == {0}
    assert set(groups[6:]) == {2}
    assert set(by_level_and_insulin(found, "told") % 2) == {1}
    assert set(by_level_and_insulin(found, "hidden") % 2) == {0}


def test_the_table_tells_of_every_way_and_group_that_there_is() -> None:
    table = bands_table(FOLDS, KNOWN)
    for name in WAYS:
        assert f"| {name} | AZT1D, insulin known | told | " in table
    assert "insulin unknown" not in table


def test_a_head_of_its_own_learns_from_other_folds_what_announces_a_low() -> None:
    """Glucose falls low every eight hours, half an hour after the forecast's quantiles did."""
    folds = [with_lows(fold) for fold in FOLDS]
    chances = chances_of_low(folds, "told")
    alarms = lows_by_head(LeftOutForecasts.together(folds), chances)
    assert alarms.sensitivity == 1.0
    assert (alarms.false_alarms_per_day or 0.0) <= 1.0
    odd = replace(folds[0], target=180 - folds[0].target)
    np.testing.assert_array_equal(chances_of_low([odd, folds[1]], "told")[: len(odd)], chances[: len(odd)])
    assert "| a head of its own | " in alarm_table(folds, "told")


def with_lows(found: LeftOutForecasts) -> LeftOutForecasts:
    place = np.arange(len(found)) % 96
    target = np.where((place[:, None] + np.arange(1, 13)) % 96 < 6, 60.0, 120.0).astype(np.float32)
    quantiles = np.where((place >= 90)[:, None, None], 60.0, found.told_quantiles).astype(np.float32)
    last = np.where(place < 6, 60.0, 120.0).astype(np.float32)
    return replace(found, target=target, last=last, told_quantiles=quantiles)


def test_widths_are_those_at_which_each_step_holds_what_it_says() -> None:
    wanted = np.where(np.arange(12) < 6, 1.1, 0.95)
    folds = [_as_wide_as(found, 2.0 / wanted) for found in (*FOLDS, *KNOWN)]
    widths = widths_of(folds)
    np.testing.assert_allclose(widths, wanted, atol=0.03)
    held = coverage_by_step(folds[0], widened(folds[0], folds[0].told_quantiles, widths))
    np.testing.assert_allclose(held, 0.8, atol=0.05)
    table = widths_table(folds)
    assert "| BrisT1D, insulin known | hidden | " in table
    assert f"Widths of all folds: {widths[0]:.3f}, " in table


def _as_wide_as(found: LeftOutForecasts, times: np.ndarray) -> LeftOutForecasts:
    """The forecasts with quantiles so many times as far from the point forecast, [step]."""
    quantiles = (120 + (found.told_quantiles - 120) * times[:, None]).astype(np.float32)
    return replace(found, told_quantiles=quantiles, hidden_quantiles=quantiles)
