"""What the latest readings say against a forecast: none, or a wider band, and why, in a word and a sentence."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from bloodtwin_core.pretrained import base_forecaster, from_glucose
from bloodtwin_core.records import PumpRecords
from bloodtwin_core.serving import Forecaster
from bloodtwin_core.serving.outlook import Outlook, Present, Reading, outlooks, widened
from bloodtwin_core.serving.reasons import Doubt, Reason

UNTIL = np.datetime64("2026-03-02T12:00:00", "s")
COUNT = 320


@cache
def base() -> Forecaster:
    return base_forecaster(threads=1)


def steady() -> list[float]:
    """A glucose that swings slowly, and is quiet in the last hour."""
    swing = [140.0 + 30.0 * np.sin(place / 25.0) for place in range(COUNT - 14)]
    return [*swing, *(swing[-1] + place % 3 for place in range(14))]


def outlook(glucose: list[float], age: float = 0.0, **more: Any) -> Outlook:
    records = from_glucose(glucose, until="2026-03-02T12:00:00")
    [made] = outlooks(base(), [present(records, age, **more)])
    return made


def present(records: PumpRecords, age: float = 0.0, **more: Any) -> Present:
    moment = UNTIL + np.timedelta64(round(age * 60), "s")
    return Present("anna", moment, records, Reading(UNTIL, 100.0), **more)


def reasons(made: Outlook) -> list[str]:
    return [doubt.reason.value for doubt in (*made.refusals, *made.doubts)]


def changed(**places: float) -> list[float]:
    """The steady glucose, with other last readings: b1 is the last, b2 the one before."""
    glucose = steady()
    for name, value in places.items():
        glucose[-int(name.removeprefix("b"))] = value
    return glucose


def test_good_readings_have_a_forecast_and_no_doubt() -> None:
    made = outlook(steady())
    assert made.forecast is not None
    assert reasons(made) == []


@pytest.mark.parametrize("age", [15.1, 60, 1e5])
def test_an_old_reading_has_none(age: float) -> None:
    made = outlook(steady(), age)
    assert (made.forecast, reasons(made)) == (None, ["reading_old"])
    assert "The last reading is" in made.refusals[0].sentence


def test_a_jump_that_no_body_makes_has_none_until_readings_agree() -> None:
    base_level = steady()[-1]
    assert reasons(outlook(changed(b1=base_level + 105))) == ["impossible_jump"]
    after = [base_level + 105] * 2
    assert reasons(outlook(changed(b2=after[0], b1=after[1]))) == ["impossible_jump"]
    later = {f"b{place}": base_level + 105 + place for place in range(1, 5)}
    assert outlook(changed(**later)).forecast is not None


@pytest.mark.parametrize(
    ("places", "reason", "factor"),
    [
        ({"b1": 200.0}, "impossible_jump", 1.2),
        ({"b3": 60.0, "b2": 45.0, "b1": 40.0}, "out_of_range", 1.3),
        ({"b1": 74.0}, "compression_low", 1.3),
    ],
)
def test_a_doubt_widens_the_band(places: dict[str, float], reason: str, factor: float) -> None:
    quiet = [100.0 + place % 3 for place in range(COUNT)]
    glucose = [places.get(f"b{COUNT - place}", value) for place, value in enumerate(quiet)]
    made = outlook(glucose)
    assert reason in reasons(made)
    assert made.forecast is not None
    plain = base().forecast(from_glucose(glucose, until="2026-03-02T12:00:00"))
    widest = max(doubt.widening for doubt in made.doubts)
    assert widest >= factor or reason == "impossible_jump"
    expected = np.clip(widened(plain, widest).quantiles, 20, 600)
    assert np.allclose(made.forecast.quantiles, expected, atol=1e-3)
    assert np.array_equal(made.forecast.glucose, plain.glucose)


def test_readings_that_do_not_change_are_doubted() -> None:
    assert reasons(outlook([*steady()[:-12], *[140.0] * 12])) == ["unchanged"]
    assert "unchanged" not in reasons(outlook([*steady()[:-12], *[400.0] * 12]))


def test_the_first_readings_after_a_long_gap_are_doubted() -> None:
    glucose = steady()
    glucose[-24:-3] = [float("nan")] * 21
    assert reasons(outlook(glucose)) == ["sensor_warm_up"]
    later = steady()
    later[-31:-10] = [float("nan")] * 21
    assert reasons(outlook(later)) == []


def test_too_much_missing_and_too_little_history_have_none() -> None:
    glucose = steady()
    glucose[-200:-150] = [float("nan")] * 50
    assert reasons(outlook(glucose)) == ["too_much_missing"]
    assert reasons(outlook(steady()[:200])) == ["history_short"]


def test_no_zone_no_forecast() -> None:
    records = replace(from_glucose(steady(), until="2026-03-02T12:00:00Z"), wearer_zone="")
    [made] = outlooks(base(), [present(records)])
    assert reasons(made) == ["zone_unknown"]


def test_nothing_at_all_has_none() -> None:
    [made] = outlooks(base(), [Present("anna", UNTIL)])
    assert (made.forecast, reasons(made)) == (None, ["no_reading"])


def test_what_is_known_otherwise_counts() -> None:
    off = Doubt(Reason.clock_off, "The clock is off")
    assert reasons(outlook(steady(), refusals=(off,))) == ["clock_off"]
    new = Doubt(Reason.sensor_warm_up, "The sensor is new", widening=1.4)
    assert reasons(outlook(steady(), doubts=(new,))) == ["sensor_warm_up"]


def test_many_wearers_are_forecast_together_and_refusals_stand_in_place() -> None:
    glucoses = [steady(), steady()[:100], [value + 20 for value in steady()], changed(b1=300.0)]
    many = [present(from_glucose(glucose, until="2026-03-02T12:00:00")) for glucose in glucoses] * 12
    made = outlooks(base(), many)
    assert [reasons(one)[:1] for one in made] == [[], ["history_short"], [], ["impossible_jump"]] * 12
    for one, glucose in zip(made[:3:2], glucoses[:3:2], strict=True):
        alone = base().forecast(from_glucose(glucose, until="2026-03-02T12:00:00"))
        assert one.forecast is not None
        assert np.abs(one.forecast.glucose - alone.glucose).max() < 1e-3


@pytest.mark.parametrize("level", [36.0, 595.0])
def test_forecasts_lie_within_what_glucose_can_be(level: float) -> None:
    glucose = [level + place % 2 for place in range(COUNT)]
    made = outlook(glucose)
    if made.forecast is not None and made.forecast.quantiles is not None:
        everything = np.concatenate([made.forecast.glucose.ravel(), made.forecast.quantiles.ravel()])
        assert 20 <= everything.min() <= everything.max() <= 600
