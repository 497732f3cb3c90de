"""A model-predictive controller over what insulin would do, plain enough to read.

Every five minutes it asks of a handful of plans what glucose would come to in the next hours: the forecast, and on top
of it the published effect of the plan's difference in insulin, as `what_if` has it (the network is never asked about
the difference). Beyond the forecast's hour glucose stays where the forecast ends, less what insulin on board has still
to do. The plan with the least mean risk (Kovatchev's, over the forecast's quantiles and over what is unsure of the
sensitivity) is begun, and thought of anew five minutes later. Ten plans need no solver.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.control.controller import Controller, Decision, PumpState
from bloodtwin_core.control.controllers.control_iq import ControlIQ
from bloodtwin_core.control.risk import symmetrized
from bloodtwin_core.insulin.action import RAPID, InsulinAction
from bloodtwin_core.insulin.sensitivity import SAID_SPREAD
from bloodtwin_core.records import GLUCOSE_LIMITS, RECORD_MINUTES
from bloodtwin_core.serving.forecast import Forecast
from bloodtwin_core.serving.insulin_plan import BasalChange, DoseChange, InsulinPlan
from bloodtwin_core.serving.what_if import effect_per_unit

LOOKS_AHEAD_MINUTES = 180
PLAN_MINUTES = 30.0
"""How long a changed basal rate is planned for."""
BASAL_MULTIPLES = (0.0, 0.5, 1.0, 2.0, 3.0)
BOLUS_SHARES = (0.1, 0.2, 0.3, 0.45, 0.6)
"""Of what the correction factor asks for from the forecast's end down to TARGET; Control-IQ gives 0.6."""
TARGET = 110.0  # mg/dL
MINUTES_BETWEEN_BOLUSES = 30.0
LOW_WEIGHT = 2.0
"""How much worse a low is than a high of the same risk. This and LOOKS_AHEAD_MINUTES were chosen on other virtual
wearers than those of docs/control.md."""


@dataclass(frozen=True)
class Candidate:
    """A plan to weigh: what would be given now, and the units that differ from the profile, as what_if takes them."""

    decision: Decision
    effect: Floats


@dataclass(frozen=True)
class Predictive:
    """The controller; action says how fast insulin acts. Where there is no forecast, another decides."""

    action: InsulinAction = RAPID
    otherwise: Controller = field(default_factory=ControlIQ)
    wants_forecast: bool = True

    def decide(self, now: PumpState) -> Decision:
        """The plan of least risk."""
        if now.forecast is None or now.forecast.quantiles is None or not now.is_fresh:
            return self.otherwise.decide(now)
        paths = self._paths(now, now.forecast)
        return min(self._candidates(now, paths), key=lambda plan: _risk(paths, plan.effect)).decision

    def _paths(self, now: PumpState, forecast: Forecast) -> Floats:
        """Glucose to come with the profile (mg/dL), [quantile, step], each quantile as it runs on."""
        assert forecast.quantiles is not None
        known = forecast.quantiles.T.astype(np.float64)
        horizon = known.shape[1]
        # Insulin on board acts on: in the forecast for its hour, and here beyond it.
        acting = 1.0 - self.action.acted(self._minutes)
        still = now.therapy.correction_factor * now.insulin_on_board * (acting[horizon - 1] - acting[horizon:])
        return np.concatenate([known, known[:, -1:] - still], axis=1)

    def _candidates(self, now: PumpState, paths: Floats) -> list[Candidate]:
        profile, factor = now.therapy.basal_rate, now.therapy.correction_factor
        rates = [
            Candidate(Decision(multiple * profile), factor * profile * (multiple - 1.0) * self._effect_of_rate)
            for multiple in BASAL_MULTIPLES
        ]
        missing = (float(np.median(paths[:, -1])) - TARGET) / factor
        if missing <= 0.0 or now.bolus_age < MINUTES_BETWEEN_BOLUSES:
            return rates
        doses = [share * missing for share in BOLUS_SHARES]
        return rates + [Candidate(Decision(profile, dose), factor * dose * self._effect_of_dose) for dose in doses]

    @cached_property
    def _minutes(self) -> Floats:
        return np.arange(RECORD_MINUTES, LOOKS_AHEAD_MINUTES + 1.0, RECORD_MINUTES)

    @cached_property
    def _effect_of_rate(self) -> Floats:
        """mg/dL for each U/h more over the plan's minutes and each mg/dL that a unit takes off, [step]."""
        plan = InsulinPlan(basal=(BasalChange(0.0, PLAN_MINUTES, 1.0),))
        return effect_per_unit(plan, self._minutes, self.action)

    @cached_property
    def _effect_of_dose(self) -> Floats:
        """The same for each U given now."""
        return effect_per_unit(InsulinPlan(doses=(DoseChange(0.0, 1.0),)), self._minutes, self.action)


def _risk(paths: Floats, effect: Floats) -> float:
    """Mean risk over quantiles, steps and three sensitivities, one SD apart."""
    effects = effect * np.exp(SAID_SPREAD * np.array([-1.0, 0.0, 1.0]))[:, None, None]
    glucose = np.clip(paths + effects, GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high)
    scale = symmetrized(glucose)
    return float(np.mean(np.where(scale < 0.0, LOW_WEIGHT, 1.0) * scale**2))
