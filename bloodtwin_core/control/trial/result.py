"""What a trial came to: figures of each arm, paired differences between controllers, and their intervals.

All controllers live the same lives, so a difference is taken wearer by wearer. Wearers are resampled (percentile
bootstrap); an interval tells how the difference would vary with other wearers of the same simulator, not with people.
"""

from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.common.files import atomic_write

RESAMPLES, BOOTSTRAP_SEED, CONFIDENCE = 2000, 0, 0.95
FEWEST_WEARERS = 6
"""Fewer give no interval: percentiles of a handful are far too narrow."""


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Arm(_Stored):
    """One controller in one scenario: each measure of each wearer, in their order, and processor seconds in all."""

    controller: str
    scenario: str
    measures: dict[str, list[float]]
    seconds: float

    def mean(self, measure: str) -> float:
        """Over wearers."""
        return float(np.mean(self.measures[measure]))


class Difference(_Stored):
    """Mean over wearers of a controller's measure less another's; low and high None with too few wearers."""

    value: float
    low: float | None
    high: float | None

    @property
    def is_less(self) -> bool:
        """Whether the whole interval lies below 0."""
        return self.high is not None and self.high < 0.0

    @property
    def is_more(self) -> bool:
        """Whether the whole interval lies above 0."""
        return self.low is not None and self.low > 0.0


class TrialResult(_Stored):
    """A whole trial. model: version of the forecaster that was asked, empty where none was."""

    seed: int
    wearers: int
    days: int
    controllers: list[str]
    scenarios: list[str]
    model: str
    arms: list[Arm]

    def arm(self, controller: str, scenario: str) -> Arm:
        """One arm. Raises KeyError if there is none such."""
        for arm in self.arms:
            if (arm.controller, arm.scenario) == (controller, scenario):
                return arm
        raise KeyError(f"no arm of {controller} in {scenario}")

    def difference(self, controller: str, against: str, scenario: str, measure: str) -> Difference:
        """Paired by wearer. The same arms give the same interval."""
        ours, theirs = (np.array(self.arm(name, scenario).measures[measure]) for name in (controller, against))
        return paired_difference(ours, theirs)


def paired_difference(ours: "np.typing.NDArray[np.float64]", theirs: "np.typing.NDArray[np.float64]") -> Difference:
    """Mean of ours less theirs, [wearer], with a bootstrap interval over wearers."""
    difference = ours - theirs
    if len(difference) < FEWEST_WEARERS:
        return Difference(value=float(difference.mean()), low=None, high=None)
    drawn = np.random.default_rng(BOOTSTRAP_SEED).integers(len(difference), size=(RESAMPLES, len(difference)))
    tail = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(difference[drawn].mean(axis=1), [tail, 1.0 - tail])
    return Difference(value=float(difference.mean()), low=float(low), high=float(high))


def write_result(result: TrialResult, path: Path) -> None:
    """As JSON; what stood there stays until the new file is whole."""
    with atomic_write(path) as temporary:
        temporary.write_text(result.model_dump_json(indent=1), "utf-8")


def read_result(path: Path) -> TrialResult:
    """Raises ArtifactMissing if it is not there or no trial."""
    try:
        return TrialResult.model_validate_json(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ArtifactMissing(f"{path} is not there. Run the trial first") from error
    except (ValidationError, UnicodeDecodeError) as error:
        raise ArtifactMissing(f"{path} holds no trial of this version. Run the trial again") from error
