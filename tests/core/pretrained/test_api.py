"""Forecasts without any training: plain readings in, forecasts out, and plain words where there is no base model."""

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.pretrained import base_forecaster, base_streaming_forecaster, files, from_glucose
from bloodtwin_core.records import CARBOHYDRATES, FEATURES, GLUCOSE_LIMITS, RECORD_INTERVAL, Feature

READINGS = np.linspace(180, 120, 288)
UNTIL = "2026-01-31T12:00"


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

    def test_less_than_a_day_is_refused_with_what_to_do(self) -> None:
        with pytest.raises(DataError, match="a forecast needs 288 records"):
            base_forecaster().forecast(from_glucose(READINGS[:100], UNTIL))

    def test_the_card_names_data_licence_and_limits(self) -> None:
        card = files.shipped_file(files.CARD).read_text("utf-8")
        for needed in ("10.17632/gk9m674wcx.1", "CC BY 4.0", "no medical device", "## Limits", "make pretrained"):
            assert needed in card
