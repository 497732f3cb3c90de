"""Forecasts without any training: plain readings in, forecasts out, and plain words where there is no base model."""

import re

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.pretrained import base_forecaster, base_streaming_forecaster, files, from_glucose
from bloodtwin_core.records import (
    CARBOHYDRATES,
    FEATURES,
    GLUCOSE_LIMITS,
    RECORD_INTERVAL,
    UNKNOWN_ZONE,
    WALL_TIME,
    Clock,
    Feature,
    PumpRecords,
)
from bloodtwin_core.serving.model_json import read_model_json

READINGS = np.linspace(180, 120, 288)
UNTIL = "2026-01-31T12:00"
SHIPPED = [120.0011, 119.7868, 119.626, 119.5895, 119.509, 119.4573]
SHIPPED += [119.7858, 120.4681, 121.0397, 121.6476, 122.6102, 123.7837]


def test_plain_readings_become_records_of_unknown_insulin() -> None:
    records = from_glucose(READINGS, UNTIL)
    assert records.timestamps[-1] == np.datetime64(UNTIL, "s")
    assert set(np.diff(records.timestamps)) == {RECORD_INTERVAL}
    np.testing.assert_allclose(records.feature(Feature.bg), READINGS, rtol=1e-6)
    assert np.isnan(records.feature(Feature.basal_rate)).all()
    assert np.isnan(records.feature(Feature.bolus_dose)).all()


def test_insulin_and_gaps_are_taken_as_given() -> None:
    records = from_glucose([100.0, np.nan, 110.0], "2026-01-31T12:02:10", basal_rate=[1, 1, 1], bolus_dose=[0, 4, 0])
    assert records.timestamps[-1] == np.datetime64("2026-01-31T12:00", "s"), "on the five-minute grid"
    assert records.feature(Feature.bg_missing_flag).tolist() == [0, 1, 0]
    assert records.feature(Feature.bolus_dose).tolist() == [0, 4, 0]


def test_carbohydrates_are_a_feature_of_the_records_where_they_are_given() -> None:
    assert from_glucose(READINGS, UNTIL).features == FEATURES
    records = from_glucose([100.0, 105.0], UNTIL, carbohydrates=[0, 40])
    assert records.feature(CARBOHYDRATES).tolist() == [0, 40]
    with pytest.raises(ValueError, match=r"2 readings, 2 basal rates and 2 boluses, 1 carbohydrates"):
        from_glucose([100.0, 105.0], UNTIL, carbohydrates=[0])


def test_any_extra_feature_is_given_by_its_name_and_once() -> None:
    by_name, by_itself = (
        from_glucose([100.0, 105.0], UNTIL, extra={CARBOHYDRATES: [0, 40]}),
        from_glucose([100.0, 105.0], UNTIL, carbohydrates=[0, 40]),
    )
    np.testing.assert_array_equal(by_name.values, by_itself.values)
    with pytest.raises(ValueError, match="carbohydrates are given twice"):
        from_glucose([100.0], UNTIL, carbohydrates=[0], extra={CARBOHYDRATES: [0]})
    with pytest.raises(ValueError, match="extra names bg, but can hold carbohydrates"):
        from_glucose([100.0], UNTIL, extra={"bg": [100]})
    with pytest.raises(DataError, match=r"carbohydrates\[0\] is 1000 g, which is impossible"):
        from_glucose([100.0], UNTIL, extra={CARBOHYDRATES: [1000]})


def test_glucose_in_mmol_per_litre_is_refused_unless_it_is_said_to_be() -> None:
    with pytest.raises(DataError, match="median glucose is 10, which cannot be mg/dL as declared"):
        from_glucose([10.0] * 288, UNTIL)
    told = from_glucose([10.0] * 288, UNTIL, unit="mmol/L")
    np.testing.assert_allclose(told.feature(Feature.bg), 180.156, rtol=1e-6)
    with pytest.raises(DataError, match="cannot be mmol/L as declared"):
        from_glucose(READINGS, UNTIL, unit="mmol/L")
    with pytest.raises(DataError, match=r"'mmol' is no unit of glucose. Give unit as mg/dL or mmol/L"):
        from_glucose(READINGS, UNTIL, unit="mmol")


@pytest.mark.parametrize("value", [np.inf, -np.inf, 0.0, -5.0, 7.2, 1001.0])
def test_glucose_that_is_impossible_is_refused_with_its_place(value: float) -> None:
    readings = READINGS.copy()
    readings[7] = value
    with pytest.raises(
        DataError, match=rf"glucose\[7\] is {value:g} mg/dL, which is impossible. It must be 20 to 1000"
    ):
        from_glucose(readings, UNTIL)


@pytest.mark.parametrize("value", [np.inf, -np.inf, -1.0, 101.0])
def test_insulin_that_is_impossible_is_refused_with_its_place(value: float) -> None:
    wrong = np.zeros(288)
    wrong[9] = value
    with pytest.raises(DataError, match=rf"basal_rate\[9\] is {value:g} U/h, which is impossible"):
        from_glucose(READINGS, UNTIL, basal_rate=wrong)
    with pytest.raises(DataError, match=rf"bolus_dose\[9\] is {value:g} U, which is impossible"):
        from_glucose(READINGS, UNTIL, bolus_dose=wrong)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("until", "utc", "zone"),
    [
        ("2026-01-31T12:00", "2026-01-31T12:00", WALL_TIME),
        ("2026-01-31T12:00+01:00", "2026-01-31T11:00", "+01:00"),
        ("2026-01-31T12:00:00-09:30", "2026-01-31T21:30", "-09:30"),
        ("2026-01-31T12:00+00:00", "2026-01-31T12:00", "+00:00"),
        ("2026-01-31T12:00Z", "2026-01-31T12:00", UNKNOWN_ZONE),
    ],
)
def test_an_offset_of_until_is_understood(until: str, utc: str, zone: str) -> None:
    records = from_glucose(READINGS, until)
    assert records.timestamps[-1] == np.datetime64(utc, "s")
    assert records.wearer_zone == zone


@pytest.mark.parametrize("until", ["noon", "", "2026-13-45T12:00", "0001-01-01T00:00+14:00", None, 5])
def test_an_until_that_is_no_time_is_refused(until: str) -> None:
    with pytest.raises(
        DataError, match=rf"until is '{re.escape(str(until))}', which is no time. Write it as 2026-01-31T12:00"
    ):
        from_glucose(READINGS, until)


def test_a_reading_that_is_masked_is_unknown() -> None:
    records = from_glucose(np.ma.masked_array(READINGS, mask=np.arange(288) == 7), UNTIL)
    assert np.flatnonzero(np.isnan(records.feature(Feature.bg))).tolist() == [7]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("signal", [["a"] * 288, READINGS + 1j, READINGS[:, None], [[1.0], [1.0, 2.0]], 5.0])
def test_what_are_no_numbers_in_a_row_is_refused(signal: object) -> None:
    for given in ({"glucose": signal}, {"glucose": READINGS, "bolus_dose": signal}):
        with pytest.raises(DataError, match=r"Give one number every 5 minutes, NaN where it is unknown"):
            from_glucose(until=UNTIL, **given)  # type: ignore[arg-type]


def test_signals_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"288 readings, 3 basal rates and 288 boluses"):
        from_glucose(READINGS, UNTIL, basal_rate=[1, 1, 1])


@pytest.mark.skipif(not files.is_shipped(), reason="bloodtwin_core/pretrained holds no base model yet")
class TestShippedModel:
    def test_it_forecasts_from_a_day_of_readings(self) -> None:
        forecast = base_forecaster().forecast(from_glucose(READINGS, UNTIL))
        assert forecast.times[0] == np.datetime64("2026-01-31T12:05", "s")
        assert np.isfinite(forecast.glucose).all()
        assert forecast.glucose.min() >= GLUCOSE_LIMITS.low
        assert abs(forecast.glucose[0] - READINGS[-1]) < 20, "five minutes on, glucose is near where it was"

    def test_one_reading_at_a_time_gives_the_same(self) -> None:
        records = from_glucose(READINGS, UNTIL)
        stream = base_streaming_forecaster()
        stream.feed(records)
        expected = base_forecaster().forecast(records).glucose
        np.testing.assert_allclose(stream.forecast().glucose, expected, atol=1e-2)

    def test_carbohydrates_that_it_does_not_know_change_nothing(self) -> None:
        announced = from_glucose(READINGS, UNTIL, carbohydrates=np.where(np.arange(288) == 280, 60.0, 0.0))
        expected = base_forecaster().forecast(from_glucose(READINGS, UNTIL)).glucose
        np.testing.assert_array_equal(base_forecaster().forecast(announced).glucose, expected)

    def test_it_learnt_local_time_and_takes_no_utc_for_it(self) -> None:
        """A clock seven hours off cost 1.3 mg/dL of MAE, and no word said so."""
        day = from_glucose(READINGS, "2026-01-31T19:00Z")
        for refuse in (base_forecaster().forecast, base_streaming_forecaster().feed):
            with pytest.raises(DataError, match=r"learnt from the wearer's local time.*zone='Europe/Berlin'"):
                refuse(day)
        local = base_forecaster().forecast(from_glucose(READINGS, UNTIL))
        phoenix = base_forecaster().forecast(day, zone="America/Phoenix")
        np.testing.assert_array_equal(phoenix.glucose, local.glucose)
        offset = base_forecaster().forecast(from_glucose(READINGS, "2026-01-31T12:00-07:00"))
        np.testing.assert_array_equal(offset.glucose, local.glucose)
        assert phoenix.local_times[0].isoformat() == "2026-01-31T12:05:00-07:00"
        taken_for_local = base_forecaster().forecast(
            PumpRecords("a", day.timestamps, day.values, wearer_zone=WALL_TIME)
        )
        assert np.abs(taken_for_local.glucose - local.glucose).max() > 0.1, "the clock counts"

    def test_what_it_forecast_before_it_forecasts_still(self) -> None:
        """mg/dL in 5 to 60 minutes, from the version that shipped the model."""
        forecast = base_forecaster(threads=1).forecast(from_glucose(READINGS, UNTIL))
        np.testing.assert_allclose(forecast.glucose, SHIPPED, atol=1e-3)

    def test_its_model_json_says_what_its_files_do_not(self) -> None:
        listed = read_model_json(files.FOLDER).models
        assert set(listed) == {files.ONNX, files.ONNX_STREAMING, files.TORCHSCRIPT}
        for name, model in listed.items():
            assert model.sha256 == sha256_of(files.FOLDER / name)
            assert model.facts.clock is Clock.local

    def test_less_than_a_day_is_refused_with_what_to_do(self) -> None:
        with pytest.raises(DataError, match="a forecast needs 288 records"):
            base_forecaster().forecast(from_glucose(READINGS[:100], UNTIL))

    def test_the_card_names_data_licence_and_limits(self) -> None:
        card = files.shipped_file(files.CARD).read_text("utf-8")
        for needed in ("10.17632/gk9m674wcx.1", "CC BY 4.0", "no medical device", "## Limits", "make pretrained"):
            assert needed in card
