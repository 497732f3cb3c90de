"""Pictures of a trial: what each controller came to, and a day of the same life under each."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from bloodtwin_core.records import RECORD_MINUTES
from bloodtwin_core.reporting.plots.canvas import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    VERMILLION,
    WIDE,
    dress,
    legend_above,
    new_figure,
)

Signal = npt.NDArray[np.floating]
LOOKS = ((BLUE, "-"), (VERMILLION, "--"), (GREEN, "-."), (PURPLE, ":"), (INK, (0, (4, 1, 1, 1))), (ORANGE, "-"))
"""Colour and line of the controllers, in their order; a seventh is not drawn."""


def ranges_figure(title: str, shares: Mapping[str, Sequence[float]]) -> Figure:
    """Bars of time (%) below 54, 54 to 70, in range, 180 to 250 and above 250, one for each controller."""
    figure, axes = new_figure(title, "Time (%)", "", WIDE)
    names, left = list(shares), np.zeros(len(shares))
    table = np.array([shares[name] for name in names])
    labels = ("below 54", "54 to 70", "70 to 180", "180 to 250", "above 250")
    for place, (label, colour) in enumerate(zip(labels, (VERMILLION, ORANGE, GREEN, BLUE, INK), strict=True)):
        axes.barh(names, table[:, place], left=left, color=colour, label=label, height=0.6)
        left += table[:, place]
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    legend_above(figure, axes)
    return figure


def differences_figure(title: str, x_label: str, intervals: Mapping[str, tuple[float, float, float]]) -> Figure:
    """Differences (value, low, high) as points with intervals, one row each, beside a line at none."""
    figure, axes = new_figure(title, x_label, "", WIDE)
    names = list(intervals)
    value, low, high = np.array([intervals[name] for name in names]).T
    axes.axvline(0.0, color=INK, linewidth=1.0, linestyle=":")
    axes.errorbar(value, range(len(names)), xerr=[value - low, high - value], fmt="o", color=BLUE, capsize=4)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    return figure


def lives_figure(title: str, blood: Mapping[str, Signal], insulin: Mapping[str, Signal]) -> Figure:
    """A day of one life: glucose in the blood (mg/dL) and below it basal rate (U/h), [record], by controller."""
    figure, axes = new_figure(title, "", "Glucose (mg/dL)", (WIDE[0], 5.2))
    figure.delaxes(axes)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1.4])
    dress(above, "", "Glucose (mg/dL)")
    dress(below, "Hours", "Basal (U/h)")
    above.axhspan(70, 180, color=GREEN, alpha=0.12, linewidth=0)
    for (name, values), (colour, line) in zip(blood.items(), LOOKS, strict=False):
        hours = RECORD_MINUTES * np.arange(1, len(values) + 1) / 60.0
        above.plot(hours, values, color=colour, linestyle=line, linewidth=1.5, label=name)
        below.step(hours, insulin[name], color=colour, linestyle=line, linewidth=1.2, where="pre")
    above.set_xlim(0, 24)
    below.set_xticks(range(0, 25, 4))
    legend_above(figure, above)
    return figure
