"""How wide bands must be at each step to hold for people left out (training.band_widths), and what they hold then.

Widths are found on people told of their insulin, of whom each counts about alike. Nobody is judged by widths that they
had a part in; the networks of the other folds, though, had learnt from them.
"""

from collections.abc import Sequence

import numpy as np

from benchmarks.unseen_people.insulin.bands import CONDITIONS, quantiles_of, sample, shown
from benchmarks.unseen_people.insulin.forecasts import LeftOutForecasts, Quantiles
from benchmarks.unseen_people.insulin.judging import BAND, GROUPS, in_group
from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.errors import DataError
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.records import GLUCOSE_LIMITS, glucose_range_of
from bloodtwin_core.training.calibration import mean_distances

NARROWEST, WIDEST, WITHIN = 0.9, 1.2, 1e-4
"""Between which widths are looked for, and how exactly; one at an end is further off."""
HELD = QUANTILE_LEVELS[BAND[1]] - QUANTILE_LEVELS[BAND[0]]
"""Share of the readings that the band is to hold."""


def widths_table(folds: Sequence[LeftOutForecasts]) -> str:
    """What the 80 % band holds with widths found on the other folds, as Markdown, and the widths of all folds."""
    moved: dict[str, list[Quantiles]] = {condition: [] for condition in CONDITIONS}
    for place, found in enumerate(folds):
        widths = widths_of([*folds[:place], *folds[place + 1 :]])
        for condition, parts in moved.items():
            parts.append(widened(found, quantiles_of(found, condition), widths))
    together = LeftOutForecasts.together(folds)
    lines = [
        "| people | insulin | 80 % band holds, lowest step | highest step | lowest person | width |",
        "|---|---|---|---|---|---|",
    ]
    for group in GROUPS:
        within = in_group(together, group)
        if within.any():
            own = together.take(within)
            for condition, parts in moved.items():
                lines.append(f"| {group} | {condition} | {shown(own, np.concatenate(parts)[within])} |")
    return "\n".join([*lines, "", f"Widths of all folds: {', '.join(f'{width:.3f}' for width in widths_of(folds))}"])


def widths_of(folds: Sequence[LeftOutForecasts]) -> Floats:
    """The width at which the 80 % band of people told of insulin holds 80 % of the readings, [step], by halving."""
    samples = [sample(found) for found in folds]
    together = LeftOutForecasts.together(samples)
    quantiles = quantiles_of(together, CONDITIONS[0])
    distances = mean_distances(quantiles, glucose_range_of(together.last))
    steps = together.target.shape[1]
    narrow, wide = np.full(steps, NARROWEST), np.full(steps, WIDEST)
    while (wide - narrow).max() > WITHIN:
        middle = (narrow + wide) / 2
        low, high = (
            (quantiles + (middle - 1.0)[:, None] * distances[glucose_range_of(together.last)])[..., level]
            for level in BAND
        )
        inside = (together.target >= low) & (together.target <= high) & together.measured
        holds_enough = inside.sum(axis=0) >= HELD * together.measured.sum(axis=0)
        narrow, wide = np.where(holds_enough, narrow, middle), np.where(holds_enough, middle, wide)
    widths = (narrow + wide) / 2
    if (widths < NARROWEST + WITHIN).any() or (widths > WIDEST - WITHIN).any():
        raise DataError(
            f"bands of these people would have to be {widths.min():.2f} to {widths.max():.2f} times as wide or more",
            todo=f"Only {NARROWEST} to {WIDEST} is looked at: are they forecast by the right network?",
        )
    return widths


def widened(found: LeftOutForecasts, quantiles: Quantiles, widths: Floats) -> Quantiles:
    """Quantiles [window, step, level] so many times as far from the median, [step], on average over a glucose range."""
    ranges = glucose_range_of(found.last)
    further = (widths - 1.0)[:, None] * mean_distances(quantiles, ranges)
    moved = np.sort(quantiles + further[ranges], axis=-1)
    return moved.clip(GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high).astype(np.float32)
