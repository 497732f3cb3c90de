"""How the forecaster is tested, and what it should reach."""

from typing import Annotated

from pydantic import Field

from bloodtwin_core.config.group import LARGEST_TOLERANCE, SettingsGroup

LARGEST_TARGET = 100.0
"""mg/dL; no forecaster is as bad, not even one that always says the mean."""


class EvaluationSettings(SettingsGroup):
    """How the forecaster is tested, and what it should reach."""

    unit: str = Field(
        default="mg/dL",
        pattern=r"^(mg/dL|mmol/L)$",
        description="Unit in which pages, report and commands show glucose and errors, mg/dL or mmol/L; settings and "
        "files stay in mg/dL.",
    )
    batch_size: int = Field(default=256, ge=1, le=65_536, description="Windows per step when testing.")
    scan: bool = Field(
        default=False,
        description="Test by dense scan, many times as fast, where a sample of windows shows it agrees, as it does "
        "without attention.",
    )
    scan_tolerance: float = Field(
        default=1e-3, gt=0.0, le=LARGEST_TOLERANCE, description="Largest difference (mg/dL) that agrees."
    )
    target_mae_30min: float = Field(
        default=15.0, gt=0.0, le=LARGEST_TARGET, description="MAE at 30 min should stay below (mg/dL, AT)."
    )
    target_mae_60min: float = Field(
        default=20.0, gt=0.0, le=LARGEST_TARGET, description="MAE at 60 min should stay below (mg/dL, AT)."
    )
    target_rmse: float = Field(
        default=25.0, gt=0.0, le=LARGEST_TARGET, description="RMSE over the first hour should stay below (mg/dL)."
    )
    false_alarms_a_day: float = Field(
        default=1.0,
        gt=0.0,
        le=48.0,
        description="Each alarm's level is chosen on validation days for at most so many false alarms a day.",
    )
    ridge_penalties: list[Annotated[float, Field(gt=0.0, le=1e6)]] = Field(
        default=[1e-3, 1e-2, 1e-1, 1.0],
        min_length=1,
        description="Ridge penalties, each above 0, tried on the validation split; per training window.",
    )
    ridge_max_windows: int = Field(
        default=120_000,
        ge=100,
        le=100_000_000,
        description="The ridge regression is fitted on at most so many training windows, evenly spread.",
    )
    bootstrap_samples: int = Field(
        default=1000,
        ge=100,
        le=100_000,
        description="Times that the test days are drawn anew for the 95 % confidence intervals.",
    )
    bootstrap_seed: int = Field(
        default=0, ge=0, le=2**32 - 1, description="The same seed draws the same days, so intervals repeat exactly."
    )
