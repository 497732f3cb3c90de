"""What a test found, and test_results.yaml, in which it is kept.

The file's top level repeats the forecaster's pooled metrics on complete windows under their plain names,
so that a reader who knows only those finds them; everything else stands under complete: and available:.
"""

from pathlib import Path
from typing import Any, ClassVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bloodtwin_core.errors import ArtifactMissing
from bloodtwin_core.evaluation.metrics import REPORTED_MINUTES, ErrorSums, step_at
from bloodtwin_core.files import atomic_write
from bloodtwin_core.records import RECORD_MINUTES

DECIMALS = 4
"""Decimals written; rounding happens nowhere else."""


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True)


class Metrics(_Result):
    """Errors in mg/dL, or, as a skill, their ratio to persistence.

    test_mae and test_rmse are over all steps, *_30min over all steps up to 30 minutes (MEAN), *_at_30min at that
    step alone (AT). None: nothing was measured there, or the horizon does not reach it.
    """

    test_mae: float | None = None
    test_rmse: float | None = None
    test_mae_30min: float | None = None
    test_mae_60min: float | None = None
    test_mae_at_30min: float | None = None
    test_mae_at_60min: float | None = None
    test_rmse_30min: float | None = None
    test_rmse_60min: float | None = None
    test_rmse_at_30min: float | None = None
    test_rmse_at_60min: float | None = None

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


class Comparison(_Result):
    """The forecaster beside its baselines, on the same windows; skill is model / persistence, below 1 is better."""

    windows: int
    measured_targets: int
    model: Metrics
    persistence: Metrics
    ridge: Metrics
    skill: Metrics


class ErrorByStep(_Result):
    """MAE (mg/dL) AT each step, each list [step]; minutes say how far ahead the steps lie."""

    minutes: list[int]
    model: list[float | None]
    persistence: list[float | None]
    ridge: list[float | None]


class WindowSetResults(_Result):
    """One window set: all pumps pooled, each pump, and the error by step of all pumps."""

    windows: int
    measured_targets: int
    pooled: Comparison
    pumps: dict[str, Comparison]
    error_by_step: ErrorByStep


class TargetOutcome(_Result):
    """Whether a target was reached on the pooled complete windows.

    value is held against limit and must stay below it; it is None, and the target not met, where nothing was
    measured. missed_by says how far value is from the limit where it is not met. mean_reading is the MEAN beside an AT.
    """

    name: str
    value: float | None
    limit: float
    met: bool
    missed_by: float | None
    mean_reading: float | None
    reading: str


class TestedModel(_Result):
    """What was tested, and on what."""

    __test__: ClassVar[bool] = False  # Its name begins with Test, but pytest should not collect it.

    model_version: str
    checkpoint_sha256: str
    data_fingerprint: str


class RidgeFit(_Result):
    """The penalty that the validation split chose (per training window) and the windows fitted on."""

    penalty: float
    training_windows: int


class TestResults(_Result):
    """Everything in test_results.yaml."""

    __test__: ClassVar[bool] = False

    tested: TestedModel
    lookback: int
    horizon: int
    ridge: RidgeFit
    targets: list[TargetOutcome]
    notes: list[str] = Field(default_factory=list)
    complete: WindowSetResults
    available: WindowSetResults

    @property
    def headline(self) -> Metrics:
        """The forecaster's metrics on the complete windows of all pumps."""
        return self.complete.pooled.model

    @property
    def missed_targets(self) -> list[TargetOutcome]:
        """The targets that were not met, or could not be measured."""
        return [target for target in self.targets if not target.met]

    def write(self, path: Path) -> None:
        """Write test_results.yaml; what stood there stays until the new file is whole."""
        content = _rounded(
            {
                **self.headline.within(self.horizon),
                "units": "mg/dL; skill is model / persistence, below 1 is better",
                **self.tested.model_dump(),
                "lookback": self.lookback,
                "horizon": self.horizon,
                "notes": self.notes,
                "targets": {target.name: target.model_dump(exclude={"name"}) for target in self.targets},
                "ridge": self.ridge.model_dump(),
                "complete": self._window_set(self.complete),
                "available": self._window_set(self.available),
            }
        )
        content["ridge"] = self.ridge.model_dump()  # A penalty may be smaller than what rounding leaves.
        with atomic_write(path) as temporary:
            temporary.write_text(
                yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True), "utf-8"
            )

    def _window_set(self, found: WindowSetResults) -> dict[str, Any]:
        return {
            "windows": found.windows,
            "measured_targets": found.measured_targets,
            "pooled": self._comparison(found.pooled),
            "error_by_step": found.error_by_step.model_dump(),
            "pumps": {pump: self._comparison(comparison) for pump, comparison in found.pumps.items()},
        }

    def _comparison(self, comparison: Comparison) -> dict[str, Any]:
        return {
            "windows": comparison.windows,
            "measured_targets": comparison.measured_targets,
            "model": comparison.model.within(self.horizon),
            "persistence": comparison.persistence.within(self.horizon),
            "ridge": comparison.ridge.within(self.horizon),
            "skill": comparison.skill.within(self.horizon),
        }

    @classmethod
    def read(cls, path: Path) -> "TestResults":
        """The results that write left. Raises ArtifactMissing if they are not there or not readable."""
        try:
            content = yaml.safe_load(path.read_text("utf-8"))
            if not isinstance(content, dict):
                raise ValueError("it holds no mapping")
            targets = [{"name": name, **target} for name, target in content.get("targets", {}).items()]
            return cls.model_validate({**content, "tested": content, "targets": targets})
        except FileNotFoundError as error:
            raise ArtifactMissing(f"{path} is not there. Test the forecaster first (test_results)") from error
        except (OSError, ValueError, TypeError, AttributeError, yaml.YAMLError, ValidationError) as error:
            raise ArtifactMissing(
                f"{path} could not be read ({error}). Test the forecaster again (test_results)"
            ) from error


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


def _rounded(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _rounded(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_rounded(value) for value in content]
    return round(content, DECIMALS) if isinstance(content, float) else content


class _Dumper(yaml.SafeDumper):
    """Writes lists of numbers on one line."""


def _represent_list(dumper: yaml.SafeDumper, values: list[Any]) -> yaml.Node:
    on_one_line = not any(isinstance(value, str | list | dict) for value in values)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=on_one_line)


_Dumper.add_representer(list, _represent_list)
