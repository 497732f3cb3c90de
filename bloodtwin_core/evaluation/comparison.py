"""The forecaster beside its baselines: the metrics that the field reports, and the skill."""

from pydantic import BaseModel, ConfigDict

from bloodtwin_core.evaluation.metrics import REPORTED_MINUTES, ErrorSums, step_at
from bloodtwin_core.records import RECORD_MINUTES


class Result(BaseModel):
    """Something found; it does not change."""

    model_config = ConfigDict(frozen=True)


class Metrics(Result):
    """Errors in mg/dL, or, as a skill, their ratio to persistence.

    test_mae and test_rmse are over all steps, *_30min over all steps up to 30 minutes (MEAN), *_at_30min at that
    step alone (AT). None: nothing was measured there, or the horizon does not reach it.
    """

    test_mae: float | None = None
    test_rmse: float | None = None
    test_mae_30min: float | None = None
    test_mae_60min: float | None = None
    test_mae_90min: float | None = None
    test_mae_120min: float | None = None
    test_mae_at_30min: float | None = None
    test_mae_at_60min: float | None = None
    test_mae_at_90min: float | None = None
    test_mae_at_120min: float | None = None
    test_rmse_30min: float | None = None
    test_rmse_60min: float | None = None
    test_rmse_90min: float | None = None
    test_rmse_120min: float | None = None
    test_rmse_at_30min: float | None = None
    test_rmse_at_60min: float | None = None
    test_rmse_at_90min: float | None = None
    test_rmse_at_120min: float | None = None

    @classmethod
    def of(cls, errors: ErrorSums) -> "Metrics":
        """The metrics of one forecaster on some windows."""
        found = {"test_mae": errors.mae(1, errors.horizon), "test_rmse": errors.rmse(1, errors.horizon)}
        for minutes in REPORTED_MINUTES:
            step = step_at(minutes)
            found[f"test_mae_{minutes}min"] = errors.mae(1, step)
            found[f"test_mae_at_{minutes}min"] = errors.mae(step, step)
            found[f"test_rmse_{minutes}min"] = errors.rmse(1, step)
            found[f"test_rmse_at_{minutes}min"] = errors.rmse(step, step)
        return cls(**found)

    def relative_to(self, other: "Metrics") -> "Metrics":
        """Each metric divided by the other's; None where that is 0 or either is None."""
        own, others = self.model_dump(), other.model_dump()
        return Metrics(**{name: _ratio(own[name], others[name]) for name in own})

    def within(self, horizon: int) -> dict[str, float | None]:
        """The metrics by name, without those that lie beyond the horizon (steps)."""
        beyond = tuple(f"_{minutes}min" for minutes in REPORTED_MINUTES if step_at(minutes) > horizon)
        return {name: value for name, value in self.model_dump().items() if not name.endswith(beyond)}


class Comparison(Result):
    """The forecaster beside its baselines, on the same windows; skill is model / persistence, below 1 is better."""

    windows: int
    measured_targets: int
    model: Metrics
    persistence: Metrics
    ridge: Metrics
    skill: Metrics


class ErrorByStep(Result):
    """MAE (mg/dL) AT each step, each list [step]; minutes say how far ahead the steps lie."""

    minutes: list[int]
    model: list[float | None]
    persistence: list[float | None]
    ridge: list[float | None]


class WindowSetResults(Result):
    """One window set: all pumps pooled, each pump, and the error by step of all pumps."""

    windows: int
    measured_targets: int
    pooled: Comparison
    pumps: dict[str, Comparison]
    error_by_step: ErrorByStep


def comparison_of(model: ErrorSums, persistence: ErrorSums, ridge: ErrorSums) -> Comparison:
    """The three forecasters on the same windows."""
    own, baseline = Metrics.of(model), Metrics.of(persistence)
    return Comparison(
        windows=model.windows,
        measured_targets=int(model.targets.sum()),
        model=own,
        persistence=baseline,
        ridge=Metrics.of(ridge),
        skill=own.relative_to(baseline),
    )


def error_by_step(model: ErrorSums, persistence: ErrorSums, ridge: ErrorSums) -> ErrorByStep:
    """MAE AT each step for the three forecasters."""
    steps = range(1, model.horizon + 1)
    return ErrorByStep(
        minutes=[step * RECORD_MINUTES for step in steps],
        model=[model.mae(step, step) for step in steps],
        persistence=[persistence.mae(step, step) for step in steps],
        ridge=[ridge.mae(step, step) for step in steps],
    )


def _ratio(value: float | None, of: float | None) -> float | None:
    return None if value is None or not of else value / of
