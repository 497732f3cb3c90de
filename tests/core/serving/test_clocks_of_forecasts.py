"""A forecast is told the time of day on the clock that its model learnt from, or says what it is missing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.records import WALL_TIME, Clock, PumpRecords, times_shown
from bloodtwin_core.serving import Forecast, Forecaster, StreamingForecaster
from tests.core.serving.small_models import a_day, rules, small_exports

BERLIN = "Europe/Berlin"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clocks")
    for clock in (*Clock, None):
        small_exports(folder / str(clock), rules(clock))
    return folder


def as_wall(records: PumpRecords) -> PumpRecords:
    """The same records, with the times that the wearer's clock showed."""
    return replace(records, timestamps=times_shown(records.timestamps, BERLIN), wearer_zone=WALL_TIME)


def both(folder: Path, records: PumpRecords, zone: str = "", clock: Clock | None = None) -> list[Forecast]:
    stream = StreamingForecaster.load(folder / "model_streaming.onnx", clock=clock)
    stream.feed(records, zone)
    windowed = Forecaster.load(folder / "model.onnx", clock=clock).forecast(records, zone)
    return [windowed, stream.forecast()]


def same(one: list[Forecast], other: list[Forecast]) -> bool:
    return all(np.array_equal(a.glucose, b.glucose) for a, b in zip(one, other, strict=True))


DAY = a_day().rows(0, 30)
"""Clocks in Berlin are put forward in its last hours; without a step in wall time the same day in winter."""
WINTER = replace(DAY, timestamps=DAY.timestamps - np.timedelta64(60, "D"))


def test_a_model_of_local_time_sees_the_same_in_utc_with_a_zone_as_in_wall_time(models: Path) -> None:
    local = models / "local"
    assert same(both(local, WINTER, BERLIN), both(local, as_wall(WINTER)))
    assert same(both(local, replace(WINTER, wearer_zone=BERLIN)), both(local, as_wall(WINTER)))
    assert not same(both(local, WINTER, BERLIN), both(local, WINTER, "Asia/Tokyo"))


def test_a_night_on_which_clocks_are_changed_is_one_lookback(models: Path) -> None:
    assert all(np.isfinite(forecast.glucose).all() for forecast in both(models / "local", DAY, BERLIN))


def test_a_model_of_local_time_refuses_utc_of_nobody_knows_where(models: Path) -> None:
    for load, name in ((Forecaster, "model.onnx"), (StreamingForecaster, "model_streaming.onnx")):
        model = load.load(models / "local" / name)
        take = model.feed if isinstance(model, StreamingForecaster) else model.forecast
        with pytest.raises(DataError, match=r"pump a: the model learnt from the wearer's local .*zone='Europe/Berlin'"):
            take(WINTER)


def test_a_model_of_utc_is_told_utc_whatever_the_zone_and_refuses_wall_time(models: Path) -> None:
    assert same(both(models / "utc", WINTER), both(models / "utc", WINTER, BERLIN))
    with pytest.raises(DataError, match=r"learnt from UTC, and the timestamps are the wearer's wall time\. Give"):
        both(models / "utc", as_wall(WINTER))


def test_a_model_of_both_clocks_is_told_what_it_was_told_in_training(models: Path) -> None:
    mixed = models / "mixed"
    assert same(both(mixed, WINTER, BERLIN), both(mixed, as_wall(WINTER)))
    assert same(both(mixed, WINTER), both(models / "utc", WINTER))


def test_a_file_that_does_not_say_its_clock_forecasts_as_it_did_and_says_so_or_is_told_it(models: Path) -> None:
    old = models / "None"
    words = r"does not say which clock it learnt from. Load it with clock=Clock.local"
    with pytest.raises(DataError, match=words):
        both(old, replace(WINTER, wearer_zone=BERLIN))
    with pytest.warns(UserWarning, match=words):
        as_it_was = both(old, WINTER)
    assert same(as_it_was, both(models / "utc", WINTER))
    assert same(both(old, as_wall(WINTER)), both(models / "local", as_wall(WINTER)))
    assert same(both(old, WINTER, clock=Clock.utc), both(models / "utc", WINTER))
    assert same(both(old, WINTER, BERLIN, Clock.local), both(models / "local", WINTER, BERLIN))
    with pytest.raises(SettingsError, match="file says that it learnt from local time, not utc"):
        Forecaster.load(models / "local" / "model.onnx", clock=Clock.utc)


def test_a_forecast_tells_its_times_on_the_wearers_clock(models: Path) -> None:
    for forecast in both(models / "local", WINTER, BERLIN):
        assert forecast.times[0] == WINTER.timestamps[-1] + np.timedelta64(300, "s")
        assert [time.isoformat()[-6:] for time in forecast.local_times] == ["+01:00"] * len(forecast.times)
        assert forecast.local_times[0].hour == (forecast.times[0].item().hour + 1) % 24
    assert both(models / "utc", WINTER)[0].local_times[0].isoformat().endswith("+00:00")
    assert both(models / "local", as_wall(WINTER))[0].local_times[0].tzinfo is None
