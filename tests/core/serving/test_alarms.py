from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.records import RECORD_INTERVAL
from bloodtwin_core.serving.alarms import AlarmRule, Side, Watch, quantile_at
from bloodtwin_core.serving.forecast import Forecast, following

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
SPREAD = np.array([-30.0, -10.0, 0.0, 10.0, 30.0], dtype=np.float32)
START = np.datetime64("2026-01-01T03:00:00", "s")
LOW = AlarmRule(name="low", side=Side.below, glucose=70.0, minutes=30, level=0.25)
HIGH = AlarmRule(name="high", side=Side.above, glucose=180.0, minutes=30, level=0.75)


def forecast(step: int, *glucose: float) -> Forecast:
    """A forecast made so many records after the start; the last glucose holds to the end of its hour."""
    path = np.array([*glucose, *[glucose[-1]] * (12 - len(glucose))], dtype=np.float32)
    origin = START + step * RECORD_INTERVAL
    return Forecast("1", origin, following(origin, 12), path, LEVELS, path[:, None] + SPREAD)


def said(rules: list[AlarmRule], told: list[tuple[float, Forecast]]) -> list[tuple[str, int, int]]:
    """Name, record and minutes of each notice of a run of readings and forecasts."""
    watch, notices = Watch(), []
    for reading, forecast_there in told:
        watch, new = watch.after(rules, reading, forecast_there)
        notices += [
            (notice.rule.name, int((notice.moment - START) / RECORD_INTERVAL), notice.in_minutes) for notice in new
        ]
    return notices


def test_a_low_is_announced_when_its_quantile_crosses_in_time() -> None:
    assert said([LOW], [(100.0, forecast(0, 95.0, 90.0, 79.0))]) == [("low", 0, 15)]
    assert said([LOW], [(100.0, forecast(0, 95.0, 90.0, 81.0))]) == []
    assert said([LOW], [(100.0, forecast(0, *[90.0] * 6, 60.0))]) == []  # After the 30 minutes.


def test_a_high_is_announced_from_its_own_side() -> None:
    assert said([LOW, HIGH], [(150.0, forecast(0, 160.0, 171.0))]) == [("high", 0, 10)]


def test_a_forecast_that_wavers_speaks_once() -> None:
    wavering = [(90.0, forecast(step, 79.0 if step % 2 else 82.0)) for step in range(6)]
    assert said([LOW], wavering) == [("low", 1, 5)]


def test_what_did_not_come_is_announced_again_when_its_minutes_are_over() -> None:
    assert [record for _, record, _ in said([LOW], [(90.0, forecast(step, 75.0)) for step in range(13)])] == [0, 6, 12]


def test_during_an_event_and_for_15_minutes_after_nothing_is_announced() -> None:
    readings = [90.0, 65.0, 72.0, 72.0, 72.0, 72.0]
    told = [(reading, forecast(step, 68.0)) for step, reading in enumerate(readings)]
    assert [record for _, record, _ in said([LOW], told)] == [0, 4]


def test_a_snoozed_alarm_is_silent_until_then() -> None:
    watch = Watch({"low": Watch().state(LOW).snoozed(START + np.timedelta64(20, "m"))})
    watch, first = watch.after([LOW], 90.0, forecast(3, 75.0))
    _, second = watch.after([LOW], 90.0, forecast(4, 75.0))
    assert (len(first), len(second)) == (0, 1)


def test_without_a_reading_a_forecast_still_speaks() -> None:
    assert said([LOW], [(np.nan, forecast(0, 75.0))]) == [("low", 0, 5)]


def test_an_export_without_quantiles_raises_no_silent_alarm() -> None:
    with pytest.raises(SettingsError, match="needs quantiles"):
        LOW.crossing(replace(forecast(0, 60.0), quantiles=None, levels=()))


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_higher_level_gives_a_higher_quantile(level: float, other: float) -> None:
    quantiles = np.array([[60.0, 80.0, 100.0, 130.0, 170.0]])
    low, high = sorted((level, other))
    assert quantile_at(quantiles, LEVELS, low)[0] <= quantile_at(quantiles, LEVELS, high)[0]


def test_a_level_that_the_network_gives_is_that_quantile() -> None:
    quantiles = np.array([[60.0, 80.0, 100.0, 130.0, 170.0]])
    assert [quantile_at(quantiles, LEVELS, level)[0] for level in LEVELS] == quantiles[0].tolist()
