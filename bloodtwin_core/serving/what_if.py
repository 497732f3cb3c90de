"""What other insulin would do: a forecast, and the published effect of the difference in insulin on top of it.

The network is not asked about the difference. It has learnt that boluses come with meals, so it forecasts more glucose
after more insulin; evaluation/insulin_response.py shows by how much. Here more insulin never raises glucose, whatever
the network has learnt, since only the action curve answers.
"""

from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.insulin.action import RAPID, REACH_MINUTES, InsulinAction
from bloodtwin_core.insulin.sensitivity import Sensitivity
from bloodtwin_core.records import GLUCOSE_LIMITS, RECORD_MINUTES, PumpRecords
from bloodtwin_core.serving.forecast import Forecast
from bloodtwin_core.serving.insulin_plan import InsulinPlan, require_possible
from bloodtwin_core.serving.windowed import Forecaster

_NINE_TENTHS = 0.9
"""The upper bound of a band of 80 %."""


@dataclass(frozen=True)
class WhatIf:
    """The forecast as it is, the one with other insulin, and the effect by itself to six hours.

    minutes: from now [step]. effect: what the plan does to glucose (mg/dL), and between what bounds it lies with 80 %
    if the sensitivity is as unsure as it says, each [step].
    """

    plain: Forecast
    changed: Forecast
    minutes: Floats
    effect: Floats
    lowest: Floats
    highest: Floats
    action: str
    sensitivity: Sensitivity


def what_if(
    forecaster: Forecaster,
    records: PumpRecords,
    plan: InsulinPlan,
    sensitivity: Sensitivity | None = None,
    action: InsulinAction = RAPID,
) -> WhatIf:
    """The forecast from these records if insulin differed by the plan.

    Without a sensitivity it is guessed from the records' own insulin (Sensitivity.guessed).
    Raises what Forecaster.forecast and Sensitivity.guessed raise, and DataError for a plan that would take away insulin
    that nobody gave or gives, or that lies outside the records and six hours.
    """
    require_possible(plan, records)
    plain = forecaster.forecast(records)
    known = sensitivity or Sensitivity.guessed(records)
    minutes = np.arange(RECORD_MINUTES, REACH_MINUTES + 1, RECORD_MINUTES, dtype=np.float64)
    effect = known.per_unit * effect_per_unit(plan, minutes, action)
    factor = np.exp(NormalDist().inv_cdf(_NINE_TENTHS) * known.spread)
    bounds = np.sort(np.stack([effect / factor, effect * factor]), axis=0)
    return WhatIf(
        plain=plain,
        changed=_changed(plain, effect[: len(plain.glucose)], known.spread),
        minutes=minutes,
        effect=effect,
        lowest=bounds[0],
        highest=bounds[1],
        action=action.name,
        sensitivity=known,
    )


def effect_per_unit(plan: InsulinPlan, minutes: Floats, action: InsulinAction) -> Floats:
    """What the plan does after so many minutes from now, [step], in mg/dL for each mg/dL that a unit takes off.

    An effect that a past change had had by now is in the readings, and is not told again; nor is it given back where a
    response comes back, so that more insulin never raises.
    """
    first = plan.first_minute
    units = plan.units_by_minute(first)
    given = np.arange(first, REACH_MINUTES, dtype=np.float64)
    more = np.maximum(action.acted(minutes[:, None] - given) - action.acted(-given), 0.0)
    effect: Floats = -(more @ units)
    return effect


def _changed(plain: Forecast, effect: Floats, spread: float) -> Forecast:
    """The forecast with the effect on it, its quantiles further apart by what is unsure of the effect."""
    glucose = _possible(plain.glucose + effect)
    if plain.quantiles is None:
        return replace(plain, glucose=glucose)
    middle = plain.quantiles[:, plain.levels.index(0.5)]
    away = plain.quantiles - middle[:, None]
    scores = np.array([NormalDist().inv_cdf(level) for level in plain.levels])
    wider = np.sign(scores) * np.hypot(away, scores * spread * effect[:, None])
    return replace(plain, glucose=glucose, quantiles=_possible(middle[:, None] + effect[:, None] + wider))


def _possible(glucose: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    possible: npt.NDArray[np.float32] = np.clip(glucose, GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high).astype(np.float32)
    return possible
