"""Errors of the three forecasters at every step."""

from pydantic import BaseModel, ConfigDict

from bloodtwin_core.evaluation.metrics import ErrorSums
from bloodtwin_core.records import RECORD_MINUTES


class Result(BaseModel):
    """Something found; it does not change."""

    model_config = ConfigDict(frozen=True)


Steps = list[float | None]
"""One value for each step; None where nothing was measured."""


class StepErrors(Result):
    """Errors in mg/dL for every step: AT it alone, and MEAN over all up to it; bias is forecast minus reading."""

    mae_at: Steps
    mae_mean: Steps
    rmse_at: Steps
    rmse_mean: Steps
    bias_at: Steps
    bias_mean: Steps

    @classmethod
    def of(cls, errors: ErrorSums) -> "StepErrors":
        """The errors of one forecaster on some windows."""
        steps = range(1, errors.horizon + 1)
        return cls(
            mae_at=[errors.mae(step, step) for step in steps],
            mae_mean=[errors.mae(1, step) for step in steps],
            rmse_at=[errors.rmse(step, step) for step in steps],
            rmse_mean=[errors.rmse(1, step) for step in steps],
            bias_at=[errors.bias(step, step) for step in steps],
            bias_mean=[errors.bias(1, step) for step in steps],
        )


class StepSkill(Result):
    """Errors divided by a baseline's, for every step; below 1 is better."""

    mae_at: Steps
    mae_mean: Steps
    rmse_at: Steps
    rmse_mean: Steps

    @classmethod
    def of(cls, own: StepErrors, baseline: StepErrors) -> "StepSkill":
        """None where the baseline errs by 0."""
        return cls(
            **{
                name: [ratio(*pair) for pair in zip(getattr(own, name), getattr(baseline, name), strict=True)]
                for name in cls.model_fields
            }
        )


class StepComparison(Result):
    """The three forecasters for every step; minutes say how far ahead it lies, targets how many were measured."""

    minutes: list[int]
    targets: list[int]
    model: StepErrors
    persistence: StepErrors
    ridge: StepErrors
    skill: StepSkill
    skill_against_ridge: StepSkill

    @classmethod
    def of(cls, model: ErrorSums, persistence: ErrorSums, ridge: ErrorSums) -> "StepComparison":
        """The three forecasters on the same windows."""
        own, still, linear = StepErrors.of(model), StepErrors.of(persistence), StepErrors.of(ridge)
        return cls(
            minutes=[step * RECORD_MINUTES for step in range(1, model.horizon + 1)],
            targets=model.targets.tolist(),
            model=own,
            persistence=still,
            ridge=linear,
            skill=StepSkill.of(own, still),
            skill_against_ridge=StepSkill.of(own, linear),
        )


def ratio(value: float | None, of: float | None) -> float | None:
    """None where of is 0 or either is None."""
    return None if value is None or not of else value / of
