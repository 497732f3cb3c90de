"""The table of the study: every variant beside the base."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.accuracy.judging import WindowErrors, difference, mean_of
from benchmarks.accuracy.variants import BASE, VARIANTS
from bloodtwin_core.evaluation.figures import Interval
from bloodtwin_core.evaluation.metrics import TARGET_MINUTES, step_at
from bloodtwin_core.training.checkpoint_folder import EpochReport

FIRST_HOUR = slice(0, step_at(60))
DIFFERENCES = {
    "all 12 steps": FIRST_HOUR,
    **{f"AT {minutes}": slice(step_at(minutes) - 1, step_at(minutes)) for minutes in TARGET_MINUTES},
}
"""Steps over which a variant is held against the base."""
COLUMNS = (
    "variant",
    "what differs",
    "validation MAE",
    "by seed",
    *(f"less the base, {name}" for name in DIFFERENCES),
    "pinball loss",
    "in the raw 80 % band",
    "epochs",
    "minutes",
)


@dataclass(frozen=True)
class Judged:
    """A finished training."""

    seed: int
    errors: WindowErrors
    epochs: Sequence[EpochReport]


def table(variants: Mapping[str, Sequence[Judged]]) -> str:
    """What was trained so far as Markdown, best first; mg/dL, over the first hour of all available validation windows.

    Differences are of the mean over the seeds that both were trained with, whose first weights and order of chunks move
    many variants alike. Their 95 % intervals are by days; the chance in the seeds is in the MAE by seed, not in them.
    """
    trained = {name: seeds for name, seeds in variants.items() if seeds}
    rows = sorted(trained, key=lambda name: mae_of(mean_of([each.errors for each in trained[name]])))
    head = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n"
    return head + "".join(_row(name, trained[name], trained.get(BASE, [])) for name in rows)


def mae_of(errors: WindowErrors) -> float:
    """MAE over the first hour, mg/dL."""
    return float(np.nanmean(errors.absolute[:, FIRST_HOUR]))


def _row(name: str, seeds: Sequence[Judged], base: Sequence[Judged]) -> str:
    mean = mean_of([each.errors for each in seeds])
    by_seed = ", ".join(f"{mae_of(each.errors):.2f} ({each.seed})" for each in seeds)
    fields = [
        name,
        VARIANTS[name].why,
        f"{mae_of(mean):.2f}",
        by_seed,
        *_differences(seeds, [] if name == BASE else base),
        *_of_quantiles(mean),
        f"{np.mean([len(each.epochs) for each in seeds]):.0f}",
        f"{np.mean([sum(epoch.seconds for epoch in each.epochs) for each in seeds]) / 60:.1f}",
    ]
    return f"| {' | '.join(fields)} |\n"


def _differences(seeds: Sequence[Judged], base: Sequence[Judged]) -> list[str]:
    both = {each.seed for each in seeds} & {each.seed for each in base}
    if not both:
        return [""] * len(DIFFERENCES)
    own, usual = (mean_of([each.errors for each in those if each.seed in both]) for those in (seeds, base))
    return [said(difference(own, usual, steps)) for steps in DIFFERENCES.values()]


def said(interval: Interval | None) -> str:
    """A difference with its interval."""
    return f"{interval.value:+.2f} ({interval.low:+.2f} to {interval.high:+.2f})" if interval else ""


def _of_quantiles(errors: WindowErrors) -> tuple[str, str]:
    """Pinball loss, as results tell it, and the share of readings in the uncalibrated 80 % band, if any quantiles."""
    if np.isnan(errors.pinball).all():
        return "", ""
    return f"{np.nanmean(errors.pinball[:, FIRST_HOUR]) / 2:.2f}", f"{np.nanmean(errors.inside[:, FIRST_HOUR]):.1%}"
