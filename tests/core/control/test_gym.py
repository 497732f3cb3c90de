import warnings

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium", reason="gymnasium is in the extra control")

from bloodtwin_core.common.errors import SettingsError  # noqa: E402
from bloodtwin_core.control.gym import ENVIRONMENT_ID, VirtualWearerEnv, register  # noqa: E402
from bloodtwin_core.control.limits import Limits  # noqa: E402


def test_it_passes_gymnasiums_checker():
    from gymnasium.utils.env_checker import check_env

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(ENVIRONMENT_ID).unwrapped, skip_render_check=True)


def test_it_passes_the_checker_of_stable_baselines3():
    checker = pytest.importorskip("stable_baselines3.common.env_checker", reason="stable-baselines3 is not installed")
    checker.check_env(VirtualWearerEnv(), warn=True)


def test_the_same_seed_gives_the_same_life_and_a_wearer_can_be_named():
    one, other = VirtualWearerEnv(), VirtualWearerEnv()
    first, told = one.reset(seed=3)
    again, _ = other.reset(seed=3)
    np.testing.assert_array_equal(first, again)
    assert one.reset(options={"wearer": 5})[1]["wearer"] == 5
    assert told["wearer"] != 5


def test_a_day_is_288_steps_of_which_each_is_rewarded_by_the_glucose_in_the_blood():
    environment = VirtualWearerEnv()
    environment.reset(seed=1)
    for step in range(288):
        observation, reward, terminated, truncated, info = environment.step(environment.profile_action)
        assert not terminated
        assert truncated == (step == 287)
        assert environment.observation_space.contains(observation)
        if 100 < info["blood_glucose"] < 125:
            assert reward > 0.95
        if info["blood_glucose"] > 250:
            assert reward < 0.0


def test_the_profiles_action_gives_the_profile_and_limits_hold_if_given():
    free, held = VirtualWearerEnv(), VirtualWearerEnv(limits=Limits(bolus=0.5))
    for environment in (free, held):
        environment.reset(options={"wearer": 2})
    profile = free._pump.therapy.basal_rate
    assert free.step(free.profile_action)[4]["basal_rate"] == pytest.approx(profile, rel=1e-6)
    most = np.ones(2, np.float32)
    assert free.step(most)[4]["bolus"] == 6.0
    assert held.step(most)[4]["bolus"] <= 0.5


def test_what_cannot_be_is_refused():
    register()
    with pytest.raises(SettingsError, match="no scenario"):
        VirtualWearerEnv(scenario_name="storm")
    with pytest.raises(SettingsError, match="days is 0"):
        VirtualWearerEnv(days=0)
    with pytest.raises(gymnasium.error.ResetNeeded):
        VirtualWearerEnv().step(np.zeros(2, np.float32))
