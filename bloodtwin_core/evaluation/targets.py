"""Which accuracy targets were reached.

The stricter AT reading is held against a limit and the MEAN shown beside it. A target that could not be
measured is not met.
"""

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.comparison import Comparison
from bloodtwin_core.evaluation.metrics import OVERALL_MINUTES, Span, step_at
from bloodtwin_core.evaluation.results import TargetOutcome
from bloodtwin_core.records import RECORD_MINUTES
from bloodtwin_core.records.glucose_units import GlucoseUnit

SKILL_LIMIT = 1.0
"""The skill of persistence itself: a forecaster must err less."""


def target_outcomes(complete: Comparison, settings: EvaluationSettings, horizon: int) -> list[TargetOutcome]:
    """Every target, against the complete windows of all pumps; horizon in steps."""
    limits = {30: settings.target_mae_30min, 60: settings.target_mae_60min}
    why = {minutes: _why_unmeasured(complete, minutes, horizon) for minutes in (*limits, RECORD_MINUTES)}
    maes, skills = [], []
    for minutes, limit in limits.items():
        step = step_at(minutes)
        at, mean = (complete.figure("mae", step, span).value for span in Span)
        maes.append(_outcome(f"mae_at_{minutes}min", at, limit, mean, why[minutes]))
        at, mean = (complete.skill_at(step, "mae", span).value for span in Span)
        skills.append(_outcome(f"skill_mae_at_{minutes}min", at, SKILL_LIMIT, mean, why[minutes]))
    overall = complete.figure("rmse", min(horizon, step_at(OVERALL_MINUTES)), Span.mean).value
    return [*maes, _outcome("rmse", overall, settings.target_rmse, None, why[RECORD_MINUTES]), *skills]


def _outcome(name: str, value: float | None, limit: float, mean: float | None, why_unmeasured: str) -> TargetOutcome:
    met = value is not None and value < limit
    outcome = TargetOutcome(
        name=name,
        value=value,
        limit=limit,
        met=met,
        missed_by=None if met or value is None else value - limit,
        mean_reading=mean,
        reading=f"not measured: {why_unmeasured}",
    )
    return outcome.model_copy(update={"reading": outcome.told(GlucoseUnit.mg_dl)})


def _why_unmeasured(complete: Comparison, minutes: int, horizon: int) -> str:
    if not complete.windows:
        return "no test window is complete, each has a gap"
    if step_at(minutes) > horizon:
        return f"the horizon ends at {horizon * RECORD_MINUTES} min"
    return "persistence makes no error, so there is no skill"
