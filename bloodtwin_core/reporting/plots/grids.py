"""Pictures of error grids: how many forecasts fall in which zone."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.plots.canvas import BLUE, INK, SQUARE, VERMILLION, new_figure

Glucoses = npt.NDArray[np.floating]
ZoneOf = Callable[[Glucoses, Glucoses], npt.NDArray[np.int8]]
"""The zone (0 is A, 4 is E) of each pair of reference and forecast (mg/dL), both of any one shape."""
LIMIT = 400.0
"""Largest glucose shown (mg/dL), as the grids were published; what lies above is counted at the edge."""
BIN = 5.0
"""Width of a bin of the density (mg/dL)."""
RASTER = 1.0
"""Grain with which zones are drawn (mg/dL)."""
MARKS = (0, 4, 8, 12, 16, 20)
"""What stands beside axes in mmol/L."""
TINTS = {"A": 0.0, "B": 0.08, "C": 0.17, "D": 0.28, "E": 0.4}
"""Opacity of each zone's colour: the worse the zone, the deeper."""


def grid_figure(
    title: str,
    target: Glucoses,
    forecast: Glucoses,
    zone_of: ZoneOf,
    shares: Mapping[str, float],
    unit: GlucoseUnit = GlucoseUnit.mg_dl,
) -> Figure:
    """How densely pairs of reading and forecast (mg/dL, [pair]) lie, over the zones of an error grid.

    shares says what part (0 to 1) of the pairs is in each zone, and stands in the legend.
    """
    figure, axes = new_figure(title, f"Sensor reading ({unit})", f"Forecast ({unit})", SQUARE)
    axes.grid(visible=False)
    _zones(axes, zone_of)
    _density(axes, target, forecast)
    axes.text(LIMIT - 14, LIMIT - 14, "A", ha="center", va="center", color=INK, fontsize=12, fontweight="bold")
    axes.plot([0, LIMIT], [0, LIMIT], color=INK, linewidth=0.8, linestyle=":")
    axes.set_xlim(0, LIMIT)
    axes.set_ylim(0, LIMIT)
    axes.set_aspect("equal")
    if unit is not GlucoseUnit.mg_dl:  # Zones are defined in mg/dL; only what stands beside the axes is in the unit.
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(FixedLocator([mark * unit.in_mg_per_dl for mark in MARKS]))
            axis.set_major_formatter(FuncFormatter(lambda glucose, _place: f"{unit.of(glucose):.0f}"))
    said = " · ".join(f"{zone} {100 * share:.1f} %" for zone, share in shares.items())
    axes.set_title(said, loc="left", fontsize=9.5, color=INK)
    return figure


def _zones(axes: Axes, zone_of: ZoneOf) -> None:
    middles = np.arange(RASTER / 2, LIMIT, RASTER)
    reference, forecast = np.meshgrid(middles, middles)
    zones = zone_of(reference, forecast)
    image = np.zeros((*zones.shape, 4), dtype=np.float32)
    image[...] = (*to_rgb(VERMILLION), 0.0)
    for place, (zone, opacity) in enumerate(TINTS.items()):
        image[zones == place, 3] = opacity
        for side in (forecast >= reference, forecast < reference):
            _letter(axes, zone, (zones == place) & side, reference, forecast)
    _picture(axes, image)


def _letter(axes: Axes, zone: str, inside: npt.NDArray[np.bool_], reference: Glucoses, forecast: Glucoses) -> None:
    """The zone's letter at the place in it that is nearest to its middle, if it is big enough to be seen."""
    if inside.mean() < 0.002 or zone == "A":
        return
    across, up = reference[inside], forecast[inside]
    nearest = np.argmin(np.hypot(across - np.median(across), up - np.median(up)))
    axes.text(across[nearest], up[nearest], zone, ha="center", va="center", color=INK, fontsize=12, fontweight="bold")


def _density(axes: Axes, target: Glucoses, forecast: Glucoses) -> None:
    """Darker where more pairs lie, on a logarithmic scale, so that the rare dangerous ones are seen."""
    edges = np.arange(0, LIMIT + BIN, BIN)
    inside = LIMIT - BIN / 2
    counts, _, _ = np.histogram2d(np.minimum(forecast, inside), np.minimum(target, inside), bins=[edges, edges])
    image = np.zeros((*counts.shape, 4), dtype=np.float32)
    image[..., :3] = to_rgb(BLUE)
    if counts.max() > 0:
        image[..., 3] = np.where(counts > 0, 0.3 + 0.7 * np.log1p(counts) / np.log1p(counts.max()), 0.0)
    _picture(axes, image)


def _picture(axes: Axes, image: npt.NDArray[np.float32]) -> None:
    axes.imshow(image, extent=(0, LIMIT, 0, LIMIT), origin="lower", interpolation="none", aspect="equal")
