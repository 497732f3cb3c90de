from itertools import pairwise

import numpy as np
import pytest

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.control.controllers import CONTROLLERS
from bloodtwin_core.control.steering import steer
from bloodtwin_core.control.trial.scenarios import SCENARIOS, scenario
from bloodtwin_core.simulation.history import drawn_lot


@pytest.fixture(scope="module")
def lives():
    lot, profile = drawn_lot(7, 0, 6), CONTROLLERS["profile"]
    return {
        name: steer(of.change(lot, 7, 0), profile.fresh(), clock_hours=of.clock_hours).lived
        for name, of in SCENARIOS.items()
    }


def test_everyday_changes_nothing(lives):
    lot = drawn_lot(7, 0, 6)
    np.testing.assert_array_equal(lives["everyday"].blood, steer(lot, CONTROLLERS["profile"].fresh()).lived.blood)


def test_what_goes_wrong_shows(lives):
    plain = lives["everyday"]
    assert np.mean(lives["boluses"].blood) > np.mean(plain.blood)
    assert np.mean(lives["sport"].blood) < np.mean(plain.blood)
    assert np.mean(lives["infusion-set"].blood) > np.mean(plain.blood)
    silent = np.isnan(lives["sensor-silent"].readings)
    assert silent.mean() == pytest.approx(0.25, abs=0.12)
    too_high = np.nanmedian(np.sort(lives["sensor-high"].readings - lives["sensor-high"].blood)[-400:])
    assert too_high > 45.0


def test_a_stuck_sensor_shows_the_same_reading_for_hours(lives):
    shown = lives["sensor-stuck"].readings
    same, longest = 0, 0
    for before, after in pairwise(shown):
        same = same + 1 if before == after else 0
        longest = max(longest, same)
    assert longest >= 30


def test_the_same_goes_wrong_each_time():
    lot = drawn_lot(7, 0, 3)
    for name, of in SCENARIOS.items():
        first, again = (of.change(lot, 7, 0) for _ in range(2))
        for one, other in zip(first.conditions, again.conditions, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=name)


def test_an_unknown_scenario_is_refused():
    with pytest.raises(SettingsError, match="'storm' is no scenario"):
        scenario("storm")
