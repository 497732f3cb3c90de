"""Pictures of how honest the uncertainty is."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.plots.canvas import BLUE, GREEN, INK, ORANGE, PURPLE, VERMILLION, legend_above, new_figure

Shares = npt.NDArray[np.floating]
"""From 0 to 1."""
LOOKS = ((BLUE, "o"), (VERMILLION, "s"), (PURPLE, "^"), (ORANGE, "D"))


def calibration_figure(title: str, nominal: Sequence[float], observed: Mapping[int, Shares]) -> Figure:
    """Share of readings at or below each quantile against the share that there should be, by minutes ahead.

    nominal holds the quantiles' levels, observed the shares, each [level].
    """
    figure, axes = new_figure(title, "Should lie below (nominal)", "Lies below (observed)")
    axes.plot([0, 1], [0, 1], color=INK, linewidth=1.2, linestyle=":", label="Perfect")
    for (minutes, shares), (colour, marker) in zip(observed.items(), LOOKS, strict=False):
        axes.plot(nominal, shares, color=colour, marker=marker, markersize=5, label=f"{minutes} minutes ahead")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    legend_above(figure, axes)
    return figure


def coverage_figure(
    title: str, minutes: Sequence[int], coverage: Mapping[int, Shares], allowed: tuple[float, float]
) -> Figure:
    """Share of readings inside each band by minutes ahead; allowed is where the 80 % band should lie.

    coverage holds for each band's nominal per cent the observed shares, [step].
    """
    figure, axes = new_figure(title, "Minutes ahead", "Readings inside the band")
    axes.axhspan(*allowed, color=GREEN, alpha=0.2, linewidth=0, label="Where the 80 % band should lie")
    for (per_cent, shares), (colour, marker) in zip(coverage.items(), LOOKS, strict=False):
        axes.axhline(per_cent / 100, color=colour, linewidth=0.9, linestyle=":")
        axes.plot(minutes, shares, color=colour, marker=marker, markersize=4.5, label=f"{per_cent} % band")
    axes.set_ylim(0, 1)
    axes.set_xlim(0, max(minutes) + 2.5)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 5, 10], nbins=12))
    legend_above(figure, axes)
    return figure


def disagreement_figure(
    title: str, minutes: int, disagreement: Shares, error: Shares, unit: GlucoseUnit = GlucoseUnit.mg_dl
) -> Figure:
    """Mean error AT a horizon (mg/dL) in tenths of the windows, by how far ensemble members disagree (mg/dL).

    disagreement (standard deviation over members) and error (absolute) are [window].
    """
    figure, axes = new_figure(
        title, f"Disagreement of the members ({unit}), tenths of the windows", f"MAE {minutes} minutes ahead ({unit})"
    )
    order = np.argsort(disagreement, kind="stable")
    tenths = [part for part in np.array_split(order, 10) if len(part)]
    axes.plot(
        [unit.of(disagreement[part].mean()) for part in tenths], [unit.of(error[part].mean()) for part in tenths],
        color=BLUE, marker="o", markersize=5, label="Model",
    )  # fmt: skip
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    legend_above(figure, axes)
    return figure
