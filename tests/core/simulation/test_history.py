import hashlib

import numpy as np
import pytest

from benchmarks.simulation.virtual_wearers import glucose_statistics
from bloodtwin_core.records import (
    FEATURE_LIMITS,
    RECORD_INTERVAL,
    RECORDS_PER_DAY,
    Feature,
    time_of_day,
)
from bloodtwin_core.simulation import simulate_wearer
from bloodtwin_core.sources.simulator import SimulatorSettings


@pytest.fixture(scope="module")
def history():
    return simulate_wearer(seed=11, wearer=2, days=40)


def test_the_same_numbers_give_the_same_bytes(history):
    again = simulate_wearer(seed=11, wearer=2, days=40)
    assert again.values.tobytes() == history.values.tobytes()
    assert again.timestamps.tobytes() == history.timestamps.tobytes()


@pytest.mark.parametrize("days", [1, 3, 9, 10, 11, 39])
def test_a_longer_history_begins_with_the_shorter_one(history, days):
    """So no record holds anything of what comes after it."""
    shorter = simulate_wearer(seed=11, wearer=2, days=days)
    np.testing.assert_array_equal(shorter.values, history.values[: len(shorter)])


def test_other_wearers_and_seeds_are_other_people(history):
    for other in (simulate_wearer(11, 3, 40), simulate_wearer(12, 2, 40)):
        assert not np.array_equal(other.feature(Feature.basal_rate), history.feature(Feature.basal_rate))


def test_the_grid_is_complete_in_utc_from_a_fixed_day_on(history):
    assert len(history) == 40 * RECORDS_PER_DAY
    assert history.timestamps[0] == np.datetime64("2024-01-01T00:00:00")
    assert np.all(np.diff(history.timestamps) == RECORD_INTERVAL)
    np.testing.assert_array_equal(history.feature(Feature.sin_time), time_of_day(history.timestamps)[0])


def test_only_glucose_is_ever_missing_and_then_flagged(history):
    missing = np.isnan(history.feature(Feature.bg))
    assert missing.any()
    np.testing.assert_array_equal(history.feature(Feature.bg_missing_flag), missing)
    for feature in set(Feature) - {Feature.bg, Feature.delta_bg}:
        assert np.isfinite(history.feature(feature)).all(), feature


def test_every_value_is_within_its_limits_and_readings_are_whole_numbers(history):
    for feature, limits in FEATURE_LIMITS.items():
        values = history.feature(feature)
        assert np.nanmin(values) >= limits.low
        assert np.nanmax(values) <= limits.high
    glucose = history.feature(Feature.bg)[~np.isnan(history.feature(Feature.bg))]
    np.testing.assert_array_equal(glucose, np.round(glucose))
    assert glucose.min() >= 39.0
    assert glucose.max() <= 401.0


def test_basal_follows_glucose_as_a_closed_loop_does(history):
    glucose, basal = history.feature(Feature.bg), history.feature(Feature.basal_rate)
    before, rate = glucose[:-1], basal[1:]
    profile = np.median(basal)
    assert np.nanmean(rate[before < 80]) < 0.6 * profile
    assert np.nanmean(rate[before > 220]) > 1.05 * profile
    assert (basal == 0.0).any()


def test_basal_is_the_profile_when_the_sensor_has_been_silent_for_20_minutes(history):
    missing = np.isnan(history.feature(Feature.bg))
    silent = np.convolve(missing, np.ones(6), mode="full")[: len(missing)] == 6
    assert silent.any()
    rates = history.feature(Feature.basal_rate)[silent]
    assert len(np.unique(rates)) == 1


def test_a_bolus_is_followed_by_a_fall_of_glucose():
    """Two to four hours after boluses that were no meal's start (glucose high), glucose is lower."""
    histories = [simulate_wearer(5, wearer, 30) for wearer in range(4)]
    falls = []
    for made in histories:
        glucose, bolus = made.feature(Feature.bg), made.feature(Feature.bolus_dose)
        high = np.flatnonzero((bolus[:-36] > 0.5) & (glucose[:-36] > 220))
        falls.append(glucose[high + 36] - glucose[high])
    assert np.nanmean(np.concatenate(falls)) < -40.0


def test_the_default_wearers_are_realistic_and_no_easier_to_forecast_by_persistence_than_azt1d():
    """AZT1D, 20 people, every pair of readings: 17.3 mg/dL at 30 min, 28.2 at 60 (docs/simulator.md)."""
    default = SimulatorSettings()
    pumps = [glucose_statistics(simulate_wearer(default.seed, wearer, default.days)) for wearer in range(default.pumps)]
    assert np.mean([pump.persistence[30] for pump in pumps]) >= 17.3
    assert np.mean([pump.persistence[60] for pump in pumps]) >= 28.2
    assert 130 < np.mean([pump.mean for pump in pumps]) < 165
    assert 0.65 < np.mean([pump.in_range for pump in pumps]) < 0.85
    assert np.mean([pump.below for pump in pumps]) < 0.04
    assert np.mean([pump.change_correlation for pump in pumps]) < 0.65


def test_histories_are_bit_for_bit_what_they_were_before_other_controllers_could_steer():
    made = [hashlib.sha256(simulate_wearer(7, wearer, 5).values.tobytes()).hexdigest()[:16] for wearer in range(3)]
    assert made == ["0c8bf222c25aa983", "8a8f70e5614af36f", "c082dc4442c0704b"]
