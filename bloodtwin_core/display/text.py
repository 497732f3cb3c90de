"""A forecast in a terminal: a fan of characters and a table."""

import numpy as np
import numpy.typing as npt

from bloodtwin_core.display.rows import forecast_table
from bloodtwin_core.display.scale import Scale
from bloodtwin_core.display.view import Band, ForecastView
from bloodtwin_core.records import TARGET_RANGE

WIDTH, HEIGHT = 72, 18
"""Characters of the picture, without the numbers at its left."""
HISTORY_HOURS = 3
"""Fewer than in other pictures, so that the fan is wide enough."""
_SHADES = "░▒▓"
"""From the widest band to the narrowest."""
_READING, _FORECAST, _LIMIT, _NOW = "•", "●", "┄", "┊"
_PLAIN = str.maketrans("░▒▓•●┄┊│└─", ".:%o#-||+-")
_MARGIN = 6
_Columns = npt.NDArray[np.int64]
_Glucose = npt.NDArray[np.float32]


def fan(view: ForecastView, *, plain: bool = False) -> str:
    """The last hours as points, the coming one as a fan, lines at the ends of the target range.

    plain draws with ASCII alone, for terminals that know no other characters.
    """
    view = view.with_history(HISTORY_HOURS)
    scale = Scale.of(view)
    cells = _cells(view, scale)
    ticks = (*scale.ticks(view.unit), *TARGET_RANGE)  # The target range's own numbers win.
    labels = {_row(scale, glucose): view.unit.text(glucose) for glucose in ticks}
    lines = [f"{labels.get(row, ''):>{_MARGIN}} │{''.join(cells[row]).rstrip()}" for row in range(HEIGHT)]
    lines.append(f"{view.unit:>{_MARGIN}} └{'─' * WIDTH}")
    lines.append(" " * (_MARGIN + 2) + _hours(view, scale))
    lines.append(" " * (_MARGIN + 2) + _legend(view))
    drawn = "\n".join(line.rstrip() for line in lines)
    return drawn.translate(_PLAIN) if plain else drawn


def table(view: ForecastView, every: int = 1) -> str:
    """The steps, or every so-manieth: time, minutes ahead, glucose, and the bands."""
    steps = forecast_table(view)
    # A terminal is narrow: shorter names, and every so-manieth step.
    head = ["time", "min", str(view.unit), *(name.replace(" in", " between") for name in steps.columns[3:])]
    rows = [head, *steps.rows[every - 1 :: every]]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _cells(view: ForecastView, scale: Scale) -> list[list[str]]:
    cells = [[" "] * WIDTH for _ in range(HEIGHT)]
    for limit in TARGET_RANGE:
        row = _row(scale, limit)
        cells[row] = [_LIMIT if column % 2 == 0 else " " for column in range(WIDTH)]
    now = _column(scale, view.origin)
    for row in range(HEIGHT):
        cells[row][now] = _NOW
    for band, shade in zip(view.bands, _SHADES, strict=False):
        _shade(cells, view, scale, band, shade)
    for time, glucose in zip(view.history_times, view.history, strict=True):
        if np.isfinite(glucose):
            cells[_row(scale, glucose)][_column(scale, time)] = _READING
    columns = np.arange(now + 1, WIDTH)
    for column, glucose in zip(columns, _along(view, scale, columns, view.glucose), strict=True):
        cells[_row(scale, glucose)][column] = _FORECAST
    return cells


def _shade(cells: list[list[str]], view: ForecastView, scale: Scale, band: Band, shade: str) -> None:
    columns = np.arange(_column(scale, view.origin) + 1, WIDTH)
    lows, highs = _along(view, scale, columns, band.low), _along(view, scale, columns, band.high)
    for column, lowest, highest in zip(columns, lows, highs, strict=True):
        for row in range(_row(scale, highest), _row(scale, lowest) + 1):
            cells[row][column] = shade


def _along(view: ForecastView, scale: Scale, columns: _Columns, values: _Glucose) -> npt.NDArray[np.float64]:
    """values [step] at columns, straight between the steps, from the last reading on."""
    places = [scale.across(time) * (WIDTH - 1) for time in (view.origin, *view.times)]
    along: npt.NDArray[np.float64] = np.interp(columns, places, [view.last_reading[1], *values])
    return along


def _column(scale: Scale, time: np.datetime64) -> int:
    return round(scale.across(time) * (WIDTH - 1))


def _row(scale: Scale, glucose: float) -> int:
    return HEIGHT - 1 - min(max(round(scale.up(glucose) * (HEIGHT - 1)), 0), HEIGHT - 1)


def _hours(view: ForecastView, scale: Scale) -> str:
    line = [" "] * (WIDTH + 5)
    for moment in view.clock.full_hours(scale.first, scale.last):
        text = view.clock.short(moment)
        start = max(0, _column(scale, moment) - len(text) // 2)
        line[start : start + len(text)] = text
    return "".join(line).rstrip()


def _legend(view: ForecastView) -> str:
    shades = [f"{shade} {band.share:.0%}" for band, shade in zip(view.bands, _SHADES, strict=False)]
    return f"{_READING} reading  {_FORECAST} forecast  {'  '.join(shades)}{' of readings' if shades else ''}"
