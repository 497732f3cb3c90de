"""What every forecaster is held against: each baseline is one entry of BASELINES, and stands beside it everywhere.

It is forecast with every test, kept in test_forecasts/ and test_results.yaml under its name, and shown in the tables,
on the pages and in the report.
"""

from collections.abc import Mapping
from typing import TypeVar

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines.ar2 import ar2
from bloodtwin_core.evaluation.baselines.baseline import Baseline, BaselineFit, FittedBaseline, without_fit
from bloodtwin_core.evaluation.baselines.persistence import persistence
from bloodtwin_core.evaluation.baselines.ridge import fit_ridge, ridge_baseline
from bloodtwin_core.windows import WindowedSeries

__all__ = [
    "BASELINES",
    "PERSISTENCE",
    "Baseline",
    "BaselineFit",
    "FittedBaseline",
    "ar2",
    "baseline_named",
    "fit_baselines",
    "fit_ridge",
    "persistence",
    "ridge_baseline",
    "warning_baselines",
    "without_fit",
]

T = TypeVar("T")
PERSISTENCE = "persistence"
"""The name of the one that skill is told against."""
BASELINES: tuple[Baseline, ...] = (
    Baseline(
        PERSISTENCE,
        "last reading",
        "the last reading",
        "says that the last reading stays",
        without_fit(persistence),
        warns=False,
    ),
    Baseline(
        "ridge",
        "ridge regression",
        "the ridge regression",
        "is a linear forecaster fitted on the same training windows",
        ridge_baseline,
        plain="a simple linear regression",
    ),
    Baseline(
        "ar2",
        "AR2",
        "Nightscout's AR2",
        "carries the last two readings on by published coefficients",
        without_fit(ar2),
        plain="the forecast that Nightscout draws (AR2)",
    ),
)


def baseline_named(name: str) -> Baseline:
    """The baseline of this name; one that only results of another version know is called by its name."""
    for baseline in BASELINES:
        if baseline.name == name:
            return baseline
    return Baseline(name, name, name, "is a forecaster of another version", _of_another_version)


def warning_baselines(beside: Mapping[str, T]) -> dict[str, T]:
    """Of what is told of each baseline, by its name, that of those which can raise an alarm at all."""
    return {name: told for name, told in beside.items() if baseline_named(name).warns}


def fit_baselines(windows: WindowedSeries, settings: EvaluationSettings) -> dict[str, FittedBaseline]:
    """Every baseline by name, fitted. Raises TooFewWindows if some step was measured in no training window."""
    return {baseline.name: baseline.fit(windows, settings) for baseline in BASELINES}


def _of_another_version(_windows: WindowedSeries, _settings: EvaluationSettings) -> FittedBaseline:
    raise SettingsError("a baseline of another version cannot forecast. Materialize test_results again")
