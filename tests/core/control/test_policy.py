import json

import numpy as np
import pytest

from bloodtwin_core.cli.main import main
from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.control.controllers.policy import PolicyController, policy_at
from bloodtwin_core.control.observation import OBSERVED, decided
from tests.core.control.states import THERAPY, state

HALF_THE_PROFILE = """
def policy():
    return lambda observation: [-0.75, -1.0]
"""

DATACLASS = """
from __future__ import annotations
from dataclasses import dataclass

@dataclass
class Policy:
    action: tuple[float, float] = (-0.5, -1.0)

    def __call__(self, observation):
        return self.action
"""


class Counting:
    """As a recurrent model of stable-baselines3: it is handed its state."""

    def predict(self, observation, state=None, deterministic=False):
        assert observation.shape == (OBSERVED,)
        assert deterministic
        count = 0 if state is None else state + 1
        return np.array([-0.5 + 0.25 * count, 0.5], np.float32), count


def test_an_action_is_a_rate_and_a_bolus():
    assert decided(np.array([-1.0, -1.0]), THERAPY).basal_rate == 0.0
    most = decided(np.array([7.0, 7.0]), THERAPY)
    assert (most.basal_rate, most.bolus) == (4.0, 6.0)
    assert decided(np.array([-0.5, 0.0]), THERAPY).basal_rate == THERAPY.basal_rate


def test_a_model_is_asked_with_its_own_state():
    controller = PolicyController(Counting())
    rates = [controller.decide(state([100.0] * 24)).basal_rate for _ in range(3)]
    assert rates == [1.0, 1.5, 2.0]


def test_the_profile_runs_until_an_observation_is_full():
    controller = PolicyController(Counting())
    assert controller.decide(state([100.0] * 23)).basal_rate == THERAPY.basal_rate
    assert controller.decide(state([100.0] * 24)).bolus > 0.0


@pytest.mark.parametrize("answer", [[1.0], [float("nan"), 0.0], "high", None])
def test_what_is_no_action_is_told(answer):
    with pytest.raises(DataError, match="two numbers from -1 to 1"):
        PolicyController(lambda _observation: answer).decide(state([100.0] * 24))


@pytest.mark.parametrize(
    "place", ["policy", "no_such_module:policy", "no_such_file.py:policy", "math:policy", "math:pi"]
)
def test_a_policy_that_is_not_there_is_named(place):
    with pytest.raises(SettingsError, match=f"'{place}'"):
        policy_at(place)


def test_a_file_may_hold_dataclasses(tmp_path):
    program = tmp_path / "with_dataclass.py"
    program.write_text(DATACLASS)
    assert policy_at(f"{program}:Policy").decide(state([100.0] * 24)).basal_rate == THERAPY.basal_rate


def test_the_command_takes_a_policy(tmp_path, capsys):
    program = tmp_path / "mine.py"
    program.write_text(HALF_THE_PROFILE)
    words = ["--policy", f"half={program}:policy", "--controllers", "profile", "half", "half-limited"]
    assert main(["trial", str(tmp_path / "out"), "--wearers", "1", "--days", "1", *words]) == 0
    arms = json.loads((tmp_path / "out" / "trial.json").read_text())["arms"]
    insulin = {arm["controller"]: arm["measures"]["insulin"][0] for arm in arms}
    assert insulin["half"] < insulin["profile"]
    capsys.readouterr()
    for taken in (["--policy", "profile=mine.py:policy"], ["--policy", "a=mine.py:policy", "--process", "a=mine"]):
        assert main(["trial", str(tmp_path / "out"), *taken]) == 2
        assert "with a new name" in capsys.readouterr().err
