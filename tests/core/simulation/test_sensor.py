import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.simulation.sensor import (
    SENSOR_RECORDS,
    WARM_UP_RECORDS,
    displayed,
    noise_deviation,
    sensor_errors,
)


def runs_of_gaps(reads):
    edges = np.flatnonzero(np.diff(np.concatenate([[True], reads, [True]]).astype(int)))
    return edges[::2], edges[1::2] - edges[::2]


@settings(deadline=None)
@given(st.floats(-100, 900))
def test_a_reading_is_a_whole_number_in_the_sensors_range(glucose):
    shown = displayed(glucose)
    assert shown == round(shown)
    assert 39.0 <= shown <= 401.0
    if 40.0 <= glucose <= 400.0:
        assert abs(shown - glucose) <= 0.5


def test_below_and_above_its_range_the_sensor_says_so():
    assert displayed(12.0) == 39.0
    assert displayed(555.0) == 401.0


def test_the_mean_sensor_of_the_published_model_has_8_mg_per_dl_of_noise():
    assert noise_deviation(1.26041, -0.40222, 3.25164) == pytest.approx(8.1, abs=0.1)
    assert noise_deviation(1.7, -0.6, 1.0) == float("inf")


def test_a_warm_up_of_two_hours_begins_every_ten_days():
    reads = sensor_errors(seed=1, wearer=0, records=5 * SENSOR_RECORDS).reads
    starts, lengths = runs_of_gaps(reads)
    warm_ups = starts[lengths >= WARM_UP_RECORDS]
    phases = warm_ups % SENSOR_RECORDS
    assert np.bincount(phases).max() >= 4


def test_gaps_are_as_frequent_as_in_azt1d():
    reads = np.concatenate([sensor_errors(seed=1, wearer=wearer, records=40 * 288).reads for wearer in range(20)])
    starts, lengths = runs_of_gaps(reads)
    assert 0.6 <= len(starts) / (20 * 40) <= 1.2
    assert 0.5 <= np.mean(lengths == 1) <= 0.75
    assert 0.014 <= 1.0 - reads.mean() <= 0.026


def test_sensors_differ_from_each_other():
    errors = sensor_errors(seed=1, wearer=0, records=3 * SENSOR_RECORDS)
    assert np.isfinite(errors.addition).all()
    assert np.isfinite(errors.gain).all()
    assert len(np.unique(np.round(errors.gain[::SENSOR_RECORDS], 6))) == 3
    assert 0.5 < errors.gain.mean() < 1.5
    assert 3.0 < errors.addition.std() < 25.0
