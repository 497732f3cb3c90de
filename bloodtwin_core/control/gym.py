"""Virtual wearers as a gymnasium environment, `bloodtwin/VirtualWearer-v0`: one step is five minutes.

`import bloodtwin_core.control.gym` registers it (extra `control`). What a step means:

- **action** and **observation**: observation.py says what stands where; `profile_action` is the profile.
- **reward**: 1 less a tenth of Kovatchev's risk of the glucose in the blood after the step (10 f^2), so 1 at 112.5,
  about 0.2 at 70 and at 180, -9 at 20 and at 600 mg/dL.
- **end**: terminated below 10 mg/dL in the blood, truncated when the days are over.

`options` of reset: `wearer`, to live one wearer's life; without it one is drawn. `info`: glucose in the blood (mg/dL),
the newest reading, what was given, the wearer. Nothing that is learnt here may steer a pump.
"""

from typing import Any

import gymnasium
import numpy as np

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.control.controller import Decision, PumpState
from bloodtwin_core.control.limits import Limits
from bloodtwin_core.control.observation import (
    HIGHEST,
    LOWEST,
    MOST_BASAL,
    MOST_BOLUS,
    OBSERVED,
    Action,
    Observation,
    decided,
    observed,
)
from bloodtwin_core.control.risk import symmetrized
from bloodtwin_core.control.steering import Pump
from bloodtwin_core.control.trial.scenarios import scenario
from bloodtwin_core.records import RECORDS_PER_DAY
from bloodtwin_core.simulation.history import RUN_IN_DAYS, drawn_lot
from bloodtwin_core.simulation.steered import SteeredLife

ENVIRONMENT_ID = "bloodtwin/VirtualWearer-v0"
DEAD_BELOW = 10.0
"""mg/dL."""
WEARERS = 100_000
"""Among so many a wearer is drawn."""


class VirtualWearerEnv(gymnasium.Env[Observation, Action]):
    """One virtual wearer's pump. seed: of the population. limits: held, if given, whatever the action.

    Raises SettingsError for an unknown scenario or days below 1.
    """

    metadata = {"render_modes": []}  # noqa: RUF012

    def __init__(
        self,
        days: int = 1,
        scenario_name: str = "everyday",
        seed: int = 1,
        most_basal: float = MOST_BASAL,
        most_bolus: float = MOST_BOLUS,
        limits: Limits | None = None,
    ) -> None:
        if days < 1:
            raise SettingsError(f"days is {days}. Give 1 or more")
        self.days, self.population, self.limits = days, seed, limits
        self.most_basal, self.most_bolus = most_basal, most_bolus
        self._scenario = scenario(scenario_name)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)
        self.observation_space = gymnasium.spaces.Box(LOWEST, HIGHEST, (OBSERVED,), np.float32)
        self._wearer = 0
        self._pump: Pump | None = None

    @property
    def profile_action(self) -> Action:
        """The action that gives the profile and no bolus."""
        return np.array([2.0 / self.most_basal - 1.0, -1.0], np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin a life after its run-in under the profile. The same seed, or wearer, gives the same life."""
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(WEARERS))
        self._wearer = int((options or {}).get("wearer", drawn))
        lot = drawn_lot(self.population, self._wearer, self.days)
        life = SteeredLife(self._scenario.change(lot, self.population, self._wearer))
        self._pump = Pump(life, None, self._scenario.clock_hours)
        for _ in range(RUN_IN_DAYS * RECORDS_PER_DAY):
            life.step(self._pump.therapy.basal_rate, 0.0)
        now = self._pump.state()
        return observed(now), self._info(life, now, Decision(0.0))

    def step(self, action: Action) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Five minutes with this action. Raises gymnasium's ResetNeeded before the first reset."""
        if self._pump is None:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        pump, life = self._pump, self._pump.life
        decision = self._decision(action, pump)
        life.step(decision.basal_rate, decision.bolus)
        blood = float(life.lived.blood[life.record - 1])
        reward = 1.0 - float(symmetrized(np.array(max(blood, 1.0))) ** 2)
        now = pump.state()
        return observed(now), reward, blood < DEAD_BELOW, life.over, self._info(life, now, decision)

    def _decision(self, action: Action, pump: Pump) -> Decision:
        decision = decided(action, pump.therapy, self.most_basal, self.most_bolus)
        return decision if self.limits is None else self.limits.applied(decision, pump.state())

    def _info(self, life: SteeredLife, now: PumpState, decision: Decision) -> dict[str, Any]:
        return {
            "wearer": self._wearer,
            "blood_glucose": float(life.lived.blood[life.record - 1]),
            "reading": now.newest,
            "basal_rate": decision.basal_rate,
            "bolus": decision.bolus,
        }


def register() -> None:
    """Make ENVIRONMENT_ID known to gymnasium.make; once more changes nothing."""
    if ENVIRONMENT_ID not in gymnasium.registry:
        gymnasium.register(ENVIRONMENT_ID, entry_point="bloodtwin_core.control.gym:VirtualWearerEnv")


register()
