"""The days shown: the best, the median and the worst, each a full one if there is a full one."""

from dataclasses import replace

import numpy as np
import pytest

from bloodtwin_core.reporting.html.days import pump_days, telling_days
from tests.core.reporting.html.made import few_days, material_of, nearly_right

WINDOWS = few_days(pumps=3, records=700)
MATERIAL = material_of(WINDOWS, nearly_right(WINDOWS))


def test_the_best_the_median_and_the_worst_are_found():
    day = MATERIAL.forecasts.timestamp.astype("datetime64[D]")
    errors = {("a", "2024-03-02"): 1.0, ("b", "2024-03-02"): 90.0, ("c", "2024-03-02"): 3.0}
    size = np.full(len(day), 2.0)
    for (pump, when), error in errors.items():
        size[(MATERIAL.forecasts.pump == pump) & (day == np.datetime64(when))] = error
    forecasts = replace(MATERIAL.forecasts, model=(MATERIAL.forecasts.target + size[:, None]).astype(np.float32))
    found = telling_days(forecasts, WINDOWS)
    assert [judged.rank for judged in found] == ["best", "median", "worst"]
    assert (found[0].day.pump_id, str(found[0].day.day), found[0].mae) == (
        "a",
        "2024-03-02",
        pytest.approx(1.0, abs=1e-3),
    )
    assert found[1].mae == pytest.approx(2.0, abs=1e-3)
    assert (found[2].day.pump_id, found[2].mae) == ("b", pytest.approx(90.0, abs=1e-3))


def test_a_day_shows_its_own_forecasts_and_bands():
    judged = telling_days(MATERIAL.forecasts, WINDOWS)[0]
    chosen = np.isin(MATERIAL.forecasts.timestamp, judged.day.origins) & (MATERIAL.forecasts.pump == judged.day.pump_id)
    np.testing.assert_array_equal(judged.day.forecasts, MATERIAL.forecasts.model[chosen])
    assert judged.day.band is not None
    assert (judged.day.band[..., 0] < judged.day.band[..., 1]).all()


def test_days_with_few_forecasts_are_passed_over_while_there_is_a_full_one():
    counts = [len(judged.day.origins) for judged in telling_days(MATERIAL.forecasts, WINDOWS)]
    assert min(counts) >= 0.75 * 288


def test_where_no_day_is_full_any_day_will_do_and_none_is_shown_twice():
    short = few_days(pumps=1, records=100)
    found = telling_days(material_of(short, nearly_right(short)).forecasts, short)
    assert [judged.rank for judged in found] == ["best"]


def test_days_are_counted_pump_by_pump():
    assert pump_days(MATERIAL.forecasts) == 9
