"""Which accuracy targets were reached.

The stricter AT reading is held against a limit and the MEAN shown beside it. A target that could not be
measured is not met.
"""

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.comparison import Comparison
from bloodtwin_core.evaluation.metrics import step_at
from bloodtwin_core.evaluation.results import TargetOutcome
from bloodtwin_core.records import RECORD_MINUTES

SKILL_LIMIT = 1.0
"""The skill of persistence itself: a forecaster must err less."""


def target_outcomes(complete: Comparison, settings: EvaluationSettings, horizon: int) -> list[TargetOutcome]:
    """Every target, against the complete windows of all pumps; horizon in steps."""
    model, skill = complete.model, complete.skill
    at_30, at_60, overall = (_why_unmeasured(complete, minutes, horizon) for minutes in (30, 60, RECORD_MINUTES))
    return [
        _outcome("mae_at_30min", model.test_mae_at_30min, settings.target_mae_30min, model.test_mae_30min, at_30),
        _outcome("mae_at_60min", model.test_mae_at_60min, settings.target_mae_60min, model.test_mae_60min, at_60),
        _outcome("rmse", model.test_rmse, settings.target_rmse, None, overall),
        _outcome("skill_mae_at_30min", skill.test_mae_at_30min, SKILL_LIMIT, skill.test_mae_30min, at_30),
        _outcome("skill_mae_at_60min", skill.test_mae_at_60min, SKILL_LIMIT, skill.test_mae_60min, at_60),
    ]


def _outcome(name: str, value: float | None, limit: float, mean: float | None, why_unmeasured: str) -> TargetOutcome:
    met = value is not None and value < limit
    beside = "" if mean is None else f" (MEAN {mean:.2f})"
    if value is None:
        reading = f"not measured: {why_unmeasured}"
    elif met:
        reading = f"{value:.2f}{beside} is below {limit:g}"
    else:
        reading = f"{value:.2f}{beside} misses {limit:g} by {value - limit:.2f}"
    return TargetOutcome(
        name=name,
        value=value,
        limit=limit,
        met=met,
        missed_by=None if met or value is None else value - limit,
        mean_reading=mean,
        reading=reading,
    )


def _why_unmeasured(complete: Comparison, minutes: int, horizon: int) -> str:
    if not complete.windows:
        return "no test window is complete, each has a gap"
    if step_at(minutes) > horizon:
        return f"the horizon ends at {horizon * RECORD_MINUTES} min"
    return "persistence makes no error, so there is no skill"
