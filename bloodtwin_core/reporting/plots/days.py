"""Pictures of single days: what was measured, and what had been forecast for each moment."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

from bloodtwin_core.evaluation.day import ForecastDay
from bloodtwin_core.evaluation.metrics import REPORTED_MINUTES, TARGET_MINUTES, step_at
from bloodtwin_core.records import RECORD_INTERVAL, RECORDS_PER_DAY, RECORDS_PER_HOUR, TARGET_RANGE, Timestamps
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.plots.canvas import (
    BLUE,
    GREEN,
    INK,
    PURPLE,
    VERMILLION,
    WIDE,
    legend_above,
    new_figure,
    small_png,
)

FAN_EVERY_HOURS = 2
COLOURS = (BLUE, VERMILLION)
STYLES = ("-", "--")


def forecasts_over_a_day(day: ForecastDay, unit: GlucoseUnit = GlucoseUnit.mg_dl) -> bytes:
    """Measured glucose over one day, what was forecast for each moment 30 and 60 min before, and whole forecasts."""
    day = _in_unit(day, unit)
    figure, axes = _day(day, f"Forecasts made on {day.day} for pump {day.pump_id}", unit)
    _fan(axes, day)
    legend_above(figure, axes)
    return small_png(figure)


def day_figure(day: ForecastDay, title: str, unit: GlucoseUnit = GlucoseUnit.mg_dl) -> Figure:
    """The same without whole forecasts, but with the 80 % band of the farther forecast, if the day has bands."""
    day = _in_unit(day, unit)
    figure, axes = _day(day, title, unit)
    minutes = max((m for m in REPORTED_MINUTES if step_at(m) <= day.forecasts.shape[1]), default=None)
    if minutes is not None and day.band is not None:
        due, _ = day.forecast_at(step_at(minutes))
        hours, low = _over_the_day(due, day.band[:, step_at(minutes) - 1, 0], day.day)
        _, high = _over_the_day(due, day.band[:, step_at(minutes) - 1, 1], day.day)
        axes.fill_between(
            hours, low, high, color=VERMILLION, alpha=0.18, linewidth=0, label=f"80 % band, {minutes} min before"
        )
    legend_above(figure, axes)
    return figure


def _in_unit(day: ForecastDay, unit: GlucoseUnit) -> ForecastDay:
    scale = np.float32(unit.in_mg_per_dl)
    band = None if day.band is None else day.band / scale
    return replace(day, glucose=day.glucose / scale, forecasts=day.forecasts / scale, band=band)


def _day(day: ForecastDay, title: str, unit: GlucoseUnit) -> tuple[Figure, Axes]:
    """A day whose glucose is in this unit already."""
    figure, axes = new_figure(title, "Time of day (the records' clock)", f"Glucose ({unit})", WIDE)
    target = " to ".join(unit.text(limit) for limit in TARGET_RANGE)
    axes.axhspan(
        *(unit.of(limit) for limit in TARGET_RANGE), color=GREEN, alpha=0.13, linewidth=0, label=f"{target} {unit}"
    )
    hours, glucose = _over_the_day(day.timestamps, day.glucose, day.day)
    axes.plot(hours, glucose, color=INK, linewidth=0, marker="o", markersize=2.6, label="Measured")
    for minutes, colour, style in zip(TARGET_MINUTES, COLOURS, STYLES, strict=True):
        if step_at(minutes) <= day.forecasts.shape[1]:
            hours, forecast = _over_the_day(*day.forecast_at(step_at(minutes)), day.day)
            axes.plot(
                hours, forecast, color=colour, linestyle=style, linewidth=1.4, label=f"Forecast {minutes} min before"
            )
    axes.set_xlim(0, 24 + 1)
    axes.xaxis.set_major_locator(FixedLocator(list(range(0, 25, 3))))
    axes.xaxis.set_major_formatter(lambda hour, _position: f"{int(hour):02d}:00")
    return figure, axes


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
