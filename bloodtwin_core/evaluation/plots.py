"""Pictures of a training and of a test, as PNG bytes small enough to stand inline in a web page.

The background is transparent and all ink is of middle lightness, so that they read on white and on dark pages.
The colours follow Okabe and Ito's palette, which colour-blind people can tell apart; lines differ in style as well.
"""

from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator
from PIL import Image

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.comparison import WindowSetResults
from bloodtwin_core.evaluation.day import ForecastDay
from bloodtwin_core.evaluation.metrics import REPORTED_MINUTES, step_at
from bloodtwin_core.records import RECORD_INTERVAL, RECORDS_PER_DAY, RECORDS_PER_HOUR, TARGET_RANGE, Timestamps

INK = "#838990"
"""Contrast 3.6 on white and 4.6 on #1c1f26."""
BLUE, VERMILLION, GREEN, ORANGE, PURPLE = "#2f8ac9", "#d55e00", "#009e73", "#e69f00", "#cc79a7"
WIDTH_INCHES, HEIGHT_INCHES, DOTS_PER_INCH = 8.0, 4.2, 110
FAN_EVERY_HOURS = 2
LEGEND_ROW = 4
"""Most legend entries that fit in one row."""


class Epoch(Protocol):
    """What the learning curve shows of an epoch; losses in mg/dL."""

    @property
    def epoch(self) -> int:
        """Its number."""

    @property
    def train_loss(self) -> float:
        """Mean training loss."""

    @property
    def val_mae(self) -> float:
        """MAE on the validation split."""

    @property
    def learning_rate(self) -> float:
        """The learning rate that it was trained with."""


def learning_curve(epochs: Sequence[Epoch]) -> bytes:
    """Training loss and validation MAE by epoch, the best epoch and each fall of the learning rate marked."""
    figure, axes = _figure("Learning curve", "Epoch", "Error (mg/dL)")
    number = [epoch.epoch for epoch in epochs]
    axes.plot(number, [e.train_loss for e in epochs], color=ORANGE, linestyle="--", marker=".", label="Training loss")
    axes.plot(number, [e.val_mae for e in epochs], color=BLUE, marker=".", label="Validation MAE")
    falls = [now.epoch for before, now in pairwise(epochs) if now.learning_rate < before.learning_rate]
    for place, epoch in enumerate(falls):
        label = "Learning rate lowered" if place == 0 else None
        axes.axvline(epoch, color=PURPLE, linestyle=":", linewidth=1.2, label=label, zorder=0)
    if epochs:
        best = min(epochs, key=lambda epoch: epoch.val_mae)
        label = f"Best: {best.val_mae:.2f} in epoch {best.epoch}"
        axes.plot(
            best.epoch, best.val_mae, color=BLUE, marker="o", markersize=9, fillstyle="none", linestyle="", label=label
        )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    return _png(figure, axes)


def forecasts_over_a_day(day: ForecastDay) -> bytes:
    """Measured glucose over one day, what was forecast for each moment 30 and 60 min before, and whole forecasts."""
    title = f"Forecasts made on {day.day} for pump {day.pump_id}"
    figure, axes = _figure(title, "Time of day (UTC)", "Glucose (mg/dL)")
    axes.axhspan(
        *TARGET_RANGE, color=GREEN, alpha=0.13, linewidth=0, label=f"{TARGET_RANGE[0]:g} to {TARGET_RANGE[1]:g} mg/dL"
    )
    hours, glucose = _over_the_day(day.timestamps, day.glucose, day.day)
    _fan(axes, day)
    axes.plot(hours, glucose, color=INK, linewidth=0, marker="o", markersize=2.6, label="Measured")
    for minutes, colour, style in zip(REPORTED_MINUTES, (BLUE, VERMILLION), ("-", "--"), strict=True):
        if step_at(minutes) <= day.forecasts.shape[1]:
            hours, forecast = _over_the_day(*day.forecast_at(step_at(minutes)), day.day)
            axes.plot(
                hours, forecast, color=colour, linestyle=style, linewidth=1.4, label=f"Forecast {minutes} min before"
            )
    axes.set_xlim(0, 24 + 1)
    axes.xaxis.set_major_locator(FixedLocator(list(range(0, 25, 3))))
    axes.xaxis.set_major_formatter(lambda hour, _position: f"{int(hour):02d}:00")
    return _png(figure, axes)


def error_by_horizon(results: WindowSetResults, settings: EvaluationSettings, name: str = "complete") -> bytes:
    """MAE AT each step of the forecaster, persistence and ridge, with the targets at 30 and 60 minutes marked."""
    title = f"Error by horizon, {results.windows:,} {name} windows"
    figure, axes = _figure(title, "Minutes ahead", "MAE at that moment (mg/dL)")
    by_step = results.error_by_step
    minutes = by_step.minutes
    axes.plot(
        minutes, _numbers(by_step.persistence), color=INK, linestyle=":", marker="s", markersize=4, label="Persistence"
    )
    axes.plot(
        minutes,
        _numbers(by_step.ridge),
        color=ORANGE,
        linestyle="--",
        marker="^",
        markersize=5,
        label="Ridge regression",
    )
    axes.plot(minutes, _numbers(by_step.model), color=BLUE, marker="o", markersize=5, linewidth=2, label="Model")
    targets = dict(zip(REPORTED_MINUTES, (settings.target_mae_30min, settings.target_mae_60min), strict=True))
    reached = {when: limit for when, limit in targets.items() if when in minutes}
    if reached:
        axes.plot(
            list(reached), list(reached.values()), color=VERMILLION, marker="_", markersize=22, markeredgewidth=2.5,
            linestyle="", label="Target: below " + " and ".join(f"{limit:g}" for limit in reached.values()),
        )  # fmt: skip
    axes.set_ylim(bottom=0)
    axes.set_xlim(0, max(minutes) + 2.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 5, 10], nbins=14))
    return _png(figure, axes)


def _fan(axes: Axes, day: ForecastDay) -> None:
    """A whole forecast every few hours, drawn from the reading that it started from."""
    reading = dict(zip(day.timestamps.tolist(), day.glucose, strict=True))
    label: str | None = f"Whole forecasts, every {FAN_EVERY_HOURS} h"
    for origin, forecast in zip(day.origins, day.forecasts, strict=True):
        since_midnight = (origin - day.day.astype("datetime64[s]")) // RECORD_INTERVAL
        if since_midnight % (FAN_EVERY_HOURS * RECORDS_PER_HOUR):
            continue
        hours = (since_midnight + np.arange(len(forecast) + 1)) / RECORDS_PER_HOUR
        path = [reading.get(origin.tolist(), np.nan), *forecast]
        axes.plot(hours, path, color=PURPLE, linewidth=2.2, solid_capstyle="round", label=label, zorder=2.5)
        label = None


def _over_the_day(
    timestamps: Timestamps, values: npt.NDArray[np.float32], day: np.datetime64
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Hours since midnight and values on the day's full grid, so that lines break where nothing is known."""
    grid = np.full(RECORDS_PER_DAY + 2 * RECORDS_PER_HOUR, np.nan)
    grid[(timestamps - day.astype("datetime64[s]")) // RECORD_INTERVAL] = values
    return np.arange(len(grid)) / RECORDS_PER_HOUR, grid


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [np.nan if value is None else value for value in values]


def _figure(title: str, x_label: str, y_label: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), dpi=DOTS_PER_INCH, layout="constrained", facecolor="none")
    axes = figure.add_subplot(facecolor="none")
    figure.suptitle(title, color=INK, fontsize=12, fontweight="bold", x=0.01, ha="left")
    axes.set_xlabel(x_label, color=INK)
    axes.set_ylabel(y_label, color=INK)
    axes.tick_params(colors=INK)
    axes.grid(color=INK, alpha=0.22, linewidth=0.6)
    for side, spine in axes.spines.items():
        spine.set_color(INK)
        spine.set_visible(side in ("left", "bottom"))
    return figure, axes


def _png(figure: Figure, axes: Axes) -> bytes:
    entries = len(axes.get_legend_handles_labels()[0])
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, ncols=entries if entries <= LEGEND_ROW else 3,
        frameon=False, labelcolor=INK, fontsize=9, columnspacing=1.4, handlelength=2.2,
    )  # fmt: skip
    return small_png(figure, colours=256)


def small_png(figure: Figure, colours: int) -> bytes:
    """A figure in so many colours with transparency: a third of the size, and no difference to see."""
    drawn, small = BytesIO(), BytesIO()
    figure.savefig(drawn, format="png", transparent=True)
    Image.open(drawn).quantize(colours, method=Image.Quantize.FASTOCTREE).save(small, format="png", optimize=True)
    return small.getvalue()
