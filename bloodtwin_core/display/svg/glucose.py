"""Glucose: the lines behind it, readings, and the fan of the forecast."""

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from bloodtwin_core.display.svg.canvas import Canvas, joined, number
from bloodtwin_core.display.view import Band
from bloodtwin_core.display.words import Level
from bloodtwin_core.records import RECORDS_PER_HOUR, TARGET_RANGE, Mask

_HALF_HOUR = RECORDS_PER_HOUR // 2
_NUMBERS_APART = 17.0
_HOURS_APART = 58.0
_EVERY_HOURS = (1, 2, 3, 6, 12, 24)
_SMALLEST_READING, _LARGEST_READING = 2.4, 6.4
"""Diameters."""


def behind(canvas: Canvas) -> Iterable[str]:
    """The target range, lines of glucose with their numbers, and full hours."""
    yield from _target(canvas)
    yield from _lines(canvas)
    yield from _hours(canvas)


def fan(canvas: Canvas) -> Iterable[str]:
    """The bands and the forecast, with its numbers in half an hour and at the end; or that there is none."""
    view = canvas.view
    if not view.has_forecast:
        middle = (canvas.x(view.moment) + canvas.right) / 2
        at = (canvas.top + canvas.floor) / 2
        room = canvas.right - canvas.x(view.moment)
        for place, word in enumerate(("no", "forecast") if room > 60 else ()):
            yield f'<text x="{middle:.1f}" y="{at + 19 * place:.1f}" text-anchor="middle">{word}</text>'
        return
    yield from (f'<path class="band" d="{_around(canvas, band)}"/>' for band in view.bands)
    yield f'<path class="forecast" d="M{joined(_line(canvas, view.glucose))}"/>'
    yield from _marks(canvas)


def readings(canvas: Canvas) -> Iterable[str]:
    """Readings as dots, those out of range as squares, and now as a line."""
    view = canvas.view
    shown = np.isfinite(view.history) & (view.history_times >= view.first)
    levels = np.array([Level.of(float(value)) if seen else "" for value, seen in zip(view.history, shown, strict=True)])
    low, high = np.isin(levels, [Level.low, Level.very_low]), np.isin(levels, [Level.high, Level.very_high])
    yield from _dots(canvas, "reading", levels == Level.in_range)
    yield from _dots(canvas, "low", low)
    yield from _dots(canvas, "high", high)
    at = canvas.x(view.moment)
    yield f'<path class="now" d="M{at:.1f} {canvas.top}V{canvas.bottom:.1f}"/>'
    yield f'<text class="small" x="{at:.1f}" y="{canvas.top - 8:.1f}" text-anchor="middle">now</text>'


def _target(canvas: Canvas) -> Iterable[str]:
    low, high = (canvas.y(limit) for limit in TARGET_RANGE)
    yield f'<path class="target" d="M{canvas.left} {low:.1f}V{high:.1f}H{canvas.right}V{low:.1f}Z"/>'
    for limit, at in zip(TARGET_RANGE, (low, high), strict=True):
        yield f'<path class="limit" d="M{canvas.left} {at:.1f}H{canvas.right}"/>'
        yield number(canvas.left, at, canvas.view.unit.text(limit), "strong")


def _lines(canvas: Canvas) -> Iterable[str]:
    unit = canvas.view.unit
    limits = [canvas.y(limit) for limit in TARGET_RANGE]
    for tick in canvas.scale.ticks(unit):
        at = canvas.y(tick)
        yield f'<path class="grid" d="M{canvas.left} {at:.1f}H{canvas.right}"/>'
        if all(abs(at - limit) > _NUMBERS_APART for limit in limits):  # Else the numbers would lie on each other.
            yield number(canvas.left, at, unit.text(tick))
    yield f'<text class="small" x="{canvas.left}" y="{canvas.top - 8:.1f}">{unit}</text>'


def _hours(canvas: Canvas) -> Iterable[str]:
    view, scale = canvas.view, canvas.scale
    hour = (canvas.right - canvas.left) / max(canvas.hours, 1.0)
    every = next((hours for hours in _EVERY_HOURS if hours * hour >= _HOURS_APART), _EVERY_HOURS[-1])
    for moment in view.clock.full_hours(scale.first, scale.last, every):
        at = canvas.x(moment)
        yield f'<path class="grid" d="M{at:.1f} {canvas.bottom:.1f}V{canvas.top}"/>'
        text = escape(view.clock.hour(moment))
        yield f'<text x="{at:.1f}" y="{canvas.bottom + 20:.1f}" text-anchor="{_anchor(canvas, at)}">{text}</text>'


def _anchor(canvas: Canvas, at: float) -> str:
    """Which end of an hour's text stands at the hour, so that none is cut off."""
    return "end" if at > canvas.right - 6 else "middle"


def _line(canvas: Canvas, values: Iterable[float]) -> list[tuple[float, float]]:
    """From the last reading over the steps."""
    view = canvas.view
    times, glucose = [view.origin, *view.times], [view.last_reading[1], *values]
    return [(canvas.x(time), canvas.y(value)) for time, value in zip(times, glucose, strict=True)]


def _around(canvas: Canvas, band: Band) -> str:
    return f"M{joined(_line(canvas, band.high) + _line(canvas, band.low)[::-1])}Z"


def _marks(canvas: Canvas) -> Iterable[str]:
    view, last = canvas.view, len(canvas.view.times) - 1
    steps = sorted({min(_HALF_HOUR - 1, last), last})
    near = canvas.x(view.times[steps[-1]]) - canvas.x(view.times[steps[0]])
    for step in steps if near > 40 else steps[-1:]:
        x, y = canvas.x(view.times[step]), canvas.y(float(view.glucose[step]))
        yield f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'
        text = view.unit.text(float(view.glucose[step]))
        # Above the fan's middle and inside of the picture, at its right end.
        anchor = "end" if step == last else "middle"
        yield f'<text class="strong halo" x="{x + 4:.1f}" y="{y - 11:.1f}" text-anchor="{anchor}">{text}</text>'


def _dots(canvas: Canvas, kind: str, chosen: Mask) -> Iterable[str]:
    """One path of points: lines of no length, whose ends are round, or square for what is out of range."""
    places: Sequence[int] = np.flatnonzero(chosen).tolist()
    if not places:
        return
    view = canvas.view
    width = min(max(canvas.record_width * 0.85, _SMALLEST_READING), _LARGEST_READING)
    points = "".join(f"M{canvas.x(view.history_times[p]):.1f} {canvas.y(view.history[p]):.1f}h0" for p in places)
    yield f'<path class="{kind}" stroke-width="{width:.1f}" d="{points}"/>'
