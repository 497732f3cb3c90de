"""Pictures of errors: by horizon, and by group of windows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import baseline_named
from bloodtwin_core.evaluation.comparison import minutes_ahead
from bloodtwin_core.evaluation.forecasts import MODEL
from bloodtwin_core.evaluation.metrics import TARGET_MINUTES
from bloodtwin_core.evaluation.window_set import WindowSetResults
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.plots.canvas import (
    BASELINE_LOOKS,
    BLUE,
    INK,
    SMALL,
    VERMILLION,
    WIDE,
    Size,
    legend_above,
    new_figure,
    small_png,
)

BAR_INCHES = 0.42
"""Height of one group."""
MARGIN_INCHES = 1.35
ROOM_FOR_NUMBERS = 1.28
"""The axis is so many times as long as the longest bar."""


@dataclass(frozen=True)
class GroupError:
    """MAE (mg/dL) of the model and of persistence on one group of windows; None where nothing was measured."""

    label: str
    model: float | None
    persistence: float | None


def error_by_horizon(results: WindowSetResults, settings: EvaluationSettings, name: str = "complete") -> bytes:
    """MAE AT each step of the forecaster and its baselines, with the targets at 30 and 60 minutes marked."""
    title = f"Error by horizon, {results.windows:,} {name} windows"
    return small_png(horizon_figure(results, settings, title, size=WIDE))


def horizon_figure(
    results: WindowSetResults,
    settings: EvaluationSettings,
    title: str,
    interval: Mapping[int, tuple[float, float]] | None = None,
    size: Size = SMALL,
) -> Figure:
    """The same as a figure; interval holds the model's 95 % confidence limits (mg/dL) by minutes ahead."""
    unit = GlucoseUnit(settings.unit)
    figure, axes = new_figure(title, "Minutes ahead", f"MAE at that moment ({unit})", size)
    minutes = minutes_ahead(results.table.horizon)
    for name, (colour, marker, style) in zip(results.table.baselines, cycle(BASELINE_LOOKS), strict=False):
        axes.plot(
            minutes, numbers(results.error_by_step[name], unit),
            color=colour, marker=marker, linestyle=style, markersize=4.5, label=baseline_named(name).label,
        )  # fmt: skip
    axes.plot(
        minutes, numbers(results.error_by_step[MODEL], unit),
        color=BLUE, marker="o", linewidth=2, markersize=4.5, label="Model",
    )  # fmt: skip
    for place, (when, (low, high)) in enumerate((interval or {}).items()):
        label = "Model's 95 % interval" if place == 0 else None
        limits = [unit.of(low), unit.of(high)]
        axes.plot([when, when], limits, color=BLUE, linewidth=7, alpha=0.35, solid_capstyle="butt", label=label)
    _mark_targets(axes, minutes, settings)
    axes.set_ylim(bottom=0)
    axes.set_xlim(0, max(minutes) + 2.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 5, 10], nbins=12))
    legend_above(figure, axes)
    return figure


def groups_figure(
    title: str, groups: Sequence[GroupError], minutes: int, unit: GlucoseUnit = GlucoseUnit.mg_dl
) -> Figure:
    """The model's MAE AT a horizon in each group as a bar, persistence's as a mark; the first group stands on top."""
    figure, axes = new_figure(
        title, f"MAE {minutes} minutes ahead ({unit})", "", (SMALL[0], MARGIN_INCHES + BAR_INCHES * len(groups))
    )
    places = np.arange(len(groups))
    errors = numbers([group.model for group in groups], unit)
    still = numbers([group.persistence for group in groups], unit)
    axes.barh(places, np.nan_to_num(errors), height=0.62, color=BLUE, alpha=0.75, label="Model")
    axes.plot(
        still, places,
        linestyle="", marker="|", markersize=15, markeredgewidth=2.2, color=INK, label="Last reading",
    )  # fmt: skip
    ends, decimals = np.fmax(np.nan_to_num(errors), np.nan_to_num(still)), unit.places(1)
    for place, error, other, end in zip(places, errors, still, ends, strict=True):
        axes.annotate(
            f"{error:.{decimals}f} vs {other:.{decimals}f}" if np.isfinite([error, other]).all() else "not measured",
            (end, place),
            xytext=(6, 0), textcoords="offset points", va="center", fontsize=9, color=INK,
        )  # fmt: skip
    axes.set_yticks(places, [group.label for group in groups])
    axes.set_ylim(len(groups) - 0.4, -0.6)
    axes.set_xlim(0, max(ROOM_FOR_NUMBERS * ends.max(initial=0.0), unit.of(1.0)))
    axes.grid(visible=False, axis="y")
    legend_above(figure, axes)
    return figure


def numbers(values: Sequence[float | None], unit: GlucoseUnit = GlucoseUnit.mg_dl) -> list[float]:
    """The values in a unit; what is not known is NaN, which no picture draws."""
    return [np.nan if value is None else unit.of(value) for value in values]


def _mark_targets(axes: Axes, minutes: Sequence[int], settings: EvaluationSettings) -> None:
    targets = dict(zip(TARGET_MINUTES, (settings.target_mae_30min, settings.target_mae_60min), strict=True))
    reached, unit = {when: limit for when, limit in targets.items() if when in minutes}, GlucoseUnit(settings.unit)
    if reached:
        axes.plot(
            list(reached), [unit.of(limit) for limit in reached.values()],
            color=VERMILLION, marker="_", markersize=20, markeredgewidth=2.5,
            linestyle="", label="Target: below " + " and ".join(unit.limit(limit) for limit in reached.values()),
        )  # fmt: skip
