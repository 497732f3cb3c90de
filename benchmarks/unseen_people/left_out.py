"""How much a network errs for people whom it never saw, before it learns from any day of theirs, and how sure that is.

A network that reads a wearer's past is told theirs, of all of their days before a forecast.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from benchmarks.unseen_people.folds import LeftOut
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import persistence
from bloodtwin_core.evaluation.blocks import blocks_of, sums_of_blocks
from bloodtwin_core.evaluation.bootstrap import Resamples, interval_of, spare_days_of
from bloodtwin_core.evaluation.figures import Interval
from bloodtwin_core.evaluation.metrics import TARGET_MINUTES, step_at
from bloodtwin_core.network.scan import scan_windows
from bloodtwin_core.records import Split, Timestamps
from bloodtwin_core.windows.of_pump import origins_of

ErrorArray = npt.NDArray[np.float32]
"""mg/dL."""


@dataclass(frozen=True)
class Errors:
    """|error| AT TARGET_MINUTES on complete windows, mg/dL [window, 2]; pump, timestamp: [window]."""

    pump: npt.NDArray[np.str_]
    timestamp: Timestamps
    model: ErrorArray
    persistence: ErrorArray


def errors_of(fold: LeftOut, split: Split) -> Errors:
    """The errors of one fold's network for the people that it never saw, on one of their splits.

    Raises SettingsError if it forecasts less than an hour.
    """
    if fold.windows.horizon < step_at(TARGET_MINUTES[-1]):
        raise SettingsError(
            f"data.horizon is {fold.windows.horizon}, but {step_at(TARGET_MINUTES[-1])} are needed here"
        )
    rows = origins_of(fold.windows, split, complete=True)
    target, _ = fold.windows.targets(rows)
    steps = [step_at(minutes) - 1 for minutes in TARGET_MINUTES]
    forecasts = (scan_windows(fold.base.forecaster, fold.windows, rows), persistence(fold.windows, rows))
    model, last = (np.abs(forecast - target)[:, steps] for forecast in forecasts)
    return Errors(fold.windows.pump_of(rows), fold.windows.timestamps[rows], model, last)


def table(folds: Sequence[Errors], split: Split) -> str:
    """MAE AT 30 and 60 minutes by fold and over all as Markdown; the skill over all with its 95 % interval by days.

    The interval tells how the skill would vary on other days of these people, not among other people.
    """
    lines = [
        f"| fold | pumps | complete {split} windows | MAE AT 30 | skill AT 30 | MAE AT 60 | skill AT 60 |",
        "|---|---|---|---|---|---|---|",
        *(_row(str(number), fold, ["", ""]) for number, fold in enumerate(folds, start=1)),
    ]
    together = Errors(*(np.concatenate([getattr(fold, field.name) for fold in folds]) for field in fields(Errors)))
    return "\n".join([*lines, _row("all", together, [_said(each) for each in skill_intervals(together)])]) + "\n"


def skill_intervals(errors: Errors) -> list[Interval | None]:
    """MAE divided by persistence's AT each of TARGET_MINUTES, with its interval by days of the same people."""
    blocks = blocks_of(errors)
    counts = sums_of_blocks(np.ones(errors.model.shape), blocks)
    resamples = Resamples.draw(blocks.pump, EvaluationSettings())
    own, last = (sums_of_blocks(each, blocks) for each in (errors.model, errors.persistence))
    skills = (resamples.mean(own[:, at], counts[:, at]) / resamples.mean(last[:, at], counts[:, at]) for at in (0, 1))
    return [interval_of(skill, spare_days_of(blocks.pump, counts)) for skill in skills]


def _row(name: str, errors: Errors, intervals: Sequence[str]) -> str:
    model, last = errors.model.mean(axis=0), errors.persistence.mean(axis=0)
    skills = [f"{own / still:.3f}{interval}" for own, still, interval in zip(model, last, intervals, strict=True)]
    pumps, windows = len(np.unique(errors.pump)), len(errors.model)
    return f"| {name} | {pumps} | {windows:,} | {model[0]:.2f} | {skills[0]} | {model[1]:.2f} | {skills[1]} |"


def _said(interval: Interval | None) -> str:
    return f" ({interval.low:.3f} to {interval.high:.3f})" if interval else ""
