"""A policy of gymnasium as a controller: what was learnt in the environment, tried in a trial.

It stands in a Python file or module as a function without arguments, `FILE.py:NAME` or `MODULE:NAME`, that is called
for each life and gives the policy: a function from an observation to an action, or an object with `predict`, as models
of stable-baselines3 are. observation.py says what both mean.
"""

import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from bloodtwin_core.common.errors import DataError, SettingsError, shortened
from bloodtwin_core.control.controller import Decision, PumpState
from bloodtwin_core.control.observation import LOOKBACK, Action, Observation, decided, observed


class PolicyController:
    """A policy; what `predict` gives back as its state is handed to it the next time."""

    wants_forecast = False

    def __init__(self, policy: Any, name: str = "the policy") -> None:
        self._policy, self._name = policy, name
        self._state: Any = None

    def decide(self, now: PumpState) -> Decision:
        """What the policy's action means; the profile until an observation is full.

        Raises DataError for anything but two numbers.
        """
        if len(now.glucose) < LOOKBACK:
            return Decision(now.therapy.basal_rate)
        action = self._action(observed(now))
        try:
            numbers = np.asarray(action, np.float64)
        except (TypeError, ValueError):
            numbers = np.empty(0)
        if numbers.shape != (2,) or not np.isfinite(numbers).all():
            raise DataError(
                f"{self._name} answered {shortened(repr(action))}", todo="Have it give two numbers from -1 to 1"
            )
        return decided(numbers.astype(np.float32), now.therapy)

    def _action(self, observation: Observation) -> Action:
        if not hasattr(self._policy, "predict"):
            action: Action = self._policy(observation)
            return action
        action, self._state = self._policy.predict(observation, state=self._state, deterministic=True)
        return action


def policy_at(place: str) -> PolicyController:
    """The policy that stands at `FILE.py:NAME` or `MODULE:NAME`, made anew.

    Raises SettingsError if there is none such.
    """
    where, _, name = place.rpartition(":")
    todo = "Name a function without arguments that gives the policy, mine.py:policy"
    if not where or not name:
        raise SettingsError(f"'{place}' names no policy. {todo}")
    try:
        made: Callable[[], Any] = getattr(_module(where), name)
    except (ImportError, AttributeError, OSError, SyntaxError) as error:
        raise SettingsError(f"the policy '{place}' cannot be loaded: {error}. {todo}") from error
    if not callable(made):
        raise SettingsError(f"the policy '{place}' is no function. {todo}")
    return PolicyController(made(), f"the policy '{place}'")


def _module(where: str) -> ModuleType:
    if not where.endswith(".py"):
        return import_module(where)
    path = Path(where).resolve()
    name = f"policy_{path.stem}"
    known = sys.modules.get(name)
    if known is not None and known.__file__ == str(path):
        return known
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{where} is no Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module  # Before it runs: dataclasses look their module up.
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
