"""A picture of drift: how far each week of each pump lies from the training period, beside the limit."""

from itertools import cycle

import numpy as np

from bloodtwin_core.publishing.drift.ledger import JudgedWeek, Ledger
from bloodtwin_core.reporting.plots.canvas import (
    BASELINE_LOOKS,
    BLUE,
    VERMILLION,
    WIDE,
    legend_above,
    new_figure,
    small_png,
)

MOST_PUMPS = 8
"""Pumps drawn: those that lie furthest off."""


def drift_over_weeks(ledger: Ledger, measure: str, limit: float, label: str) -> bytes:
    """One measure's distance over the weeks, a line a pump; label names what it is, and its unit. PNG."""
    figure, axes = new_figure("", "Week that begins", label, size=WIDE)
    looks = cycle([(BLUE, "o", "-"), *BASELINE_LOOKS])
    for (pump, line), (colour, marker, style) in zip(_lines(ledger, measure).items(), looks, strict=False):
        starts = np.array([week.start for week, _ in line], dtype="datetime64[D]")
        distances = np.array([far for _, far in line])
        axes.plot(starts, distances, color=colour, marker=marker, linestyle=style, markersize=4, label=pump)
        far = distances > limit
        axes.scatter(starts[far], distances[far], s=90, facecolors="none", edgecolors=VERMILLION)
    axes.axhline(limit, color=VERMILLION, linestyle="--", linewidth=1.2, label=f"limit {limit:g}")
    axes.tick_params(axis="x", rotation=30)
    legend_above(figure, axes)
    return small_png(figure)


def _lines(ledger: Ledger, measure: str) -> dict[str, list[tuple[JudgedWeek, float]]]:
    lines: dict[str, list[tuple[JudgedWeek, float]]] = {}
    for week in ledger.weeks:
        for each in week.measures:
            if each.name == measure:
                lines.setdefault(week.pump, []).append((week, each.distance))
    furthest = sorted(lines, key=lambda pump: -max(far for _, far in lines[pump]))[:MOST_PUMPS]
    return {pump: lines[pump] for pump in lines if pump in furthest}
