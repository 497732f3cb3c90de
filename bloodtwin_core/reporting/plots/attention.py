"""Pictures of what a forecast attends to."""

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from bloodtwin_core.evaluation.attention import Weights
from bloodtwin_core.records import RECORDS_PER_HOUR
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.plots.canvas import BLUE, INK, VERMILLION, WIDE, dress, legend_above, new_figure

WEIGHTS_SHARE = 4.0
"""The axis of weights is so many times as high as the largest, so that they leave room for the readings."""


def attention_by_age_figure(title: str, weights: Weights) -> Figure:
    """Share of attention on each hour before the forecast, and where it would lie if all were attended to alike."""
    figure, axes = new_figure(title, "Hours before the forecast", "Share of the attention")
    age = (len(weights) - 1 - np.arange(len(weights))) // RECORDS_PER_HOUR
    by_hour = np.bincount(age, weights)
    records = np.bincount(age)
    hours = np.arange(len(by_hour))
    axes.bar(hours + 0.5, by_hour, width=0.8, color=BLUE, alpha=0.75, label="Attention")
    axes.step(
        np.append(hours, len(hours)), np.append(records, records[-1]) / len(weights), where="post",
        color=VERMILLION, linestyle="--", linewidth=1.4, label="If all were attended to alike",
    )  # fmt: skip
    axes.set_xlim(len(hours), 0)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_above(figure, axes)
    return figure


def attended_window_figure(
    title: str, readings: npt.NDArray[np.floating], weights: Weights, unit: GlucoseUnit = GlucoseUnit.mg_dl
) -> Figure:
    """The readings (mg/dL, [lookback], NaN where not measured) that one forecast looked back on, and its attention."""
    figure, axes = new_figure(title, "Hours before the forecast", f"Glucose ({unit})", WIDE)
    hours = (len(readings) - 1 - np.arange(len(readings))) / RECORDS_PER_HOUR
    axes.plot(hours, readings / unit.in_mg_per_dl, color=INK, linewidth=0, marker="o", markersize=2.6, label="Measured")
    beneath = axes.twinx()
    dress(beneath, "", "Attention on each reading")
    beneath.grid(visible=False)
    beneath.fill_between(hours, weights, step="mid", color=BLUE, alpha=0.6, linewidth=0)
    beneath.set_ylim(0, WEIGHTS_SHARE * float(weights.max()))
    beneath.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=1, symbol=" %"))
    beneath.spines["right"].set_visible(True)
    axes.fill_between([], [], color=BLUE, alpha=0.6, linewidth=0, label="Attention")
    axes.set_xlim(hours[0], 0)
    legend_above(figure, axes)
    return figure
