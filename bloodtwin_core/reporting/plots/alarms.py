"""Picture of what an alarm costs: more events seen coming against more false alarms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from bloodtwin_core.reporting.plots.canvas import BLUE, GREEN, INK, ORANGE, PURPLE, VERMILLION, legend_above, new_figure

INWARDS = 0.7
"""A name stands on the inner side of points beyond this share of the axis."""
LOOKS = (
    (BLUE, "o", "-"), (ORANGE, "^", "--"), (VERMILLION, "s", "-."), (GREEN, "v", ":"), (PURPLE, "D", "-"),
)  # fmt: skip
"""Colour, marker and line of each curve in its order; a sixth begins anew."""


@dataclass(frozen=True)
class AlarmPoint:
    """One way to set an alarm: share of events seen coming (0 to 1), false alarms per day, and how it is set.

    named: whether there is room for its setting beside it.
    """

    setting: str
    sensitivity: float
    false_alarms_per_day: float
    named: bool = False


def trade_off_figure(title: str, event: str, curves: Mapping[str, Sequence[AlarmPoint]]) -> Figure:
    """Sensitivity against false alarms per day for each forecaster; event names what is warned of."""
    figure, axes = new_figure(title, "False alarms per day", f"{event} seen coming")
    for (name, points), (colour, marker, style) in zip(curves.items(), cycle(LOOKS), strict=False):
        ordered = sorted(points, key=lambda point: (point.false_alarms_per_day, point.sensitivity))
        axes.plot(
            [p.false_alarms_per_day for p in ordered], [p.sensitivity for p in ordered],
            color=colour, marker=marker, linestyle=style, markersize=4.5, label=name,
        )  # fmt: skip
        farthest = max((point.false_alarms_per_day for point in ordered), default=0.0)
        for point in (p for p in ordered if p.named):
            inwards = point.false_alarms_per_day > INWARDS * farthest
            axes.annotate(
                point.setting, (point.false_alarms_per_day, point.sensitivity), xytext=(-2 if inwards else 6, -13),
                ha="right" if inwards else "left",
                textcoords="offset points", fontsize=9, color=INK,
            )  # fmt: skip
    axes.set_ylim(0, 1.02)
    axes.set_xlim(left=0)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    legend_above(figure, axes)
    return figure
