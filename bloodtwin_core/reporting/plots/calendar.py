"""A calendar of days as a picture: how much of each day has a glucose reading."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from bloodtwin_core.records import RECORDS_PER_DAY, Feature, PumpRecords
from bloodtwin_core.reporting.plots.canvas import BLUE, DOTS_PER_INCH, INK, VERMILLION, WIDE, small_png

DAYS_PER_WEEK = 7
WEEKS_SHOWN = 54
"""Weeks that a year can touch."""
YEAR_INCHES, MARGIN_INCHES = 0.95, 0.75
SHADES = ((0.9, 1.0, "90 % or more"), (0.5, 0.62, "50 to 90 %"), (0.0, 0.3, "less"))
"""Smallest share of a day's records with a reading, the opacity of its blue, and the legend."""
EMPTY = "no reading"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
Days = npt.NDArray[np.datetime64]


def measured_days(parts: Sequence[PumpRecords]) -> tuple[Days, npt.NDArray[np.float64]]:
    """Every day (UTC) from the earliest record to the latest, and the share of it with a reading, from 0 to 1."""
    day_of = np.concatenate([part.timestamps for part in parts]).astype("datetime64[D]")
    measured = np.concatenate([np.isfinite(part.feature(Feature.bg)) for part in parts])
    number = (day_of - day_of.min()).astype(np.int64)
    counts = np.bincount(number[measured], minlength=int(number.max()) + 1)
    return day_of.min() + np.arange(len(counts)), counts / RECORDS_PER_DAY


def coverage_calendar(pump_id: str, parts: Sequence[PumpRecords]) -> bytes:
    """A PNG with a band for each year with records, a column for each week and a square for each day of a history."""
    days, shares = measured_days(parts)
    # A year without records has no band: a clock that was wrong by decades must not cost a picture of decades.
    years = np.unique(np.concatenate([part.timestamps for part in parts]).astype("datetime64[Y]"))
    figure = Figure(
        figsize=(WIDE[0], MARGIN_INCHES + YEAR_INCHES * len(years)),
        dpi=DOTS_PER_INCH,
        layout="constrained",
        facecolor="none",
    )
    figure.suptitle(
        f"Days with glucose readings, pump {pump_id} (UTC)",
        color=INK,
        fontsize=12,
        fontweight="bold",
        x=0.01,
        ha="left",
    )
    bands = figure.subplots(len(years), 1, squeeze=False)[:, 0]
    for axes, year in zip(bands, years, strict=True):
        inside = days.astype("datetime64[Y]") == year
        _draw_year(axes, year, days[inside], shares[inside])
    _explain(figure)
    return small_png(figure, colours=64)


def _draw_year(axes: Axes, year: np.datetime64, days: Days, shares: npt.NDArray[np.float64]) -> None:
    image = np.zeros((DAYS_PER_WEEK, WEEKS_SHOWN, 4))
    week, weekday = _places(year, days)
    image[weekday, week] = [_colour(share) for share in shares]
    axes.set_facecolor("none")
    axes.pcolormesh(np.arange(WEEKS_SHOWN + 1), np.arange(DAYS_PER_WEEK + 1), image, edgecolor="none")
    axes.set_xlim(0, WEEKS_SHOWN)
    axes.set_ylim(DAYS_PER_WEEK, 0)
    months = year.astype("datetime64[M]") + np.arange(len(MONTHS))
    axes.set_xticks(_places(year, months.astype("datetime64[D]"))[0], MONTHS, fontsize=8, ha="left")
    axes.set_yticks([0.5, 3.5, 6.5], ["Mon", "Thu", "Sun"], fontsize=8)
    axes.set_ylabel(str(year), color=INK)
    axes.tick_params(colors=INK, length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _places(year: np.datetime64, days: Days) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Column (week of the year, beginning on Monday) and row (weekday, Monday is 0) of each day."""
    # 1970-01-01 was a Thursday.
    weekday = (days.astype(np.int64) + 3) % DAYS_PER_WEEK
    new_year = year.astype("datetime64[D]")
    begins_on = (new_year.astype(np.int64) + 3) % DAYS_PER_WEEK
    week = ((days - new_year).astype(np.int64) + begins_on) // DAYS_PER_WEEK
    return week, weekday


def _colour(share: float) -> tuple[float, float, float, float]:
    if share == 0:
        return (*to_rgb(VERMILLION), 0.55)
    return (*to_rgb(BLUE), next(opacity for smallest, opacity, _ in SHADES if share >= smallest))


def _explain(figure: Figure) -> None:
    patches = [Patch(color=(*to_rgb(BLUE), opacity), label=label) for _, opacity, label in SHADES]
    patches.append(Patch(color=(*to_rgb(VERMILLION), 0.55), label=EMPTY))
    figure.legend(
        handles=patches, loc="outside lower left", ncols=len(patches), frameon=False, labelcolor=INK, fontsize=9,
        title="Share of the day's five-minute records with a reading",
    ).get_title().set_color(INK)  # fmt: skip
