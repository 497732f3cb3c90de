"""A forecast as one SVG picture, light and dark, readable without colour and by screen readers."""

from collections.abc import Iterable
from enum import StrEnum
from html import escape

import numpy as np

from bloodtwin_core.display.scale import Scale
from bloodtwin_core.display.view import Band, ForecastView
from bloodtwin_core.records import RECORDS_PER_HOUR, TARGET_RANGE

WIDTH, HEIGHT = 620, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 86, 52
"""Margins, in the picture's own units, for numbers, title and hours."""
_HALF_HOUR = RECORDS_PER_HOUR // 2
_LIGHT = (
    ".bt { --ink: #1b2430; --soft: #5b6675; --grid: #e3e7ec; --target: #2f8f5b; --fan: #2563c9; --ground: #ffffff }"
)
_DARK = ".bt { --ink: #e8ecf1; --soft: #9aa5b4; --grid: #2a323d; --target: #58c48a; --fan: #7eb0ff; --ground: #12171e }"
_STYLE = """
.bt text { font: 15px system-ui, sans-serif; fill: var(--soft) }
.bt .name { font-size: 18px; font-weight: 600; fill: var(--ink) }
.bt .strong { fill: var(--ink); font-weight: 600 }
.bt .ground { fill: var(--ground) }
.bt .grid { stroke: var(--grid) }
.bt .target { fill: var(--target); fill-opacity: .10 }
.bt .limit { stroke: var(--target); stroke-dasharray: 5 4 }
.bt .now { stroke: var(--soft); stroke-dasharray: 2 3 }
.bt .band { fill: var(--fan); fill-opacity: .18 }
.bt .forecast { fill: none; stroke: var(--fan); stroke-width: 2.5 }
.bt .mark { fill: var(--fan) }
.bt .reading { fill: var(--ink) }
"""


class Theme(StrEnum):
    """Whose colours a picture has: the reader's choice, or one for a page that chooses between two files."""

    readers = "readers"
    light = "light"
    dark = "dark"


_COLOURS = {
    Theme.readers: f"{_LIGHT}\n@media (prefers-color-scheme: dark) {{ {_DARK} }}",
    Theme.light: _LIGHT,
    Theme.dark: _DARK,
}


def picture(view: ForecastView, theme: Theme = Theme.readers) -> str:
    """The picture, complete in itself. Whatever a name holds is escaped."""
    scale = Scale.of(view)
    title = f"Glucose forecast for {view.pump_id}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="bt" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-labelledby="bt-title bt-desc">',
        f'<title id="bt-title">{escape(title)}</title>',
        f'<desc id="bt-desc">{escape(described(view))}</desc>',
        f"<style>\n{_COLOURS[theme]}{_STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="name" x="{_LEFT}" y="26">{escape(title)}</text>',
        f'<text x="{_LEFT}" y="50">{escape(view.headline())}</text>',
        *_target(view, scale),
        *_glucose_lines(view, scale),
        *_hours(view, scale),
        *(f'<path class="band" d="{_around(view, scale, band)}"/>' for band in view.bands),
        f'<path class="forecast" d="M{_joined(_line(view, scale, view.glucose))}"/>',
        *_marks(view, scale),
        *_readings(view, scale),
        *_now(view, scale),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def described(view: ForecastView) -> str:
    """The picture in words."""
    shares = [f"{band.share:.0%}" for band in view.bands[::-1]]
    bands = f" Bands hold {', '.join(shares)} of readings." if shares else ""
    target = " to ".join(view.unit.text(limit) for limit in TARGET_RANGE)
    return (
        f"{view.headline()}. Made at {view.clock.full(view.origin)} ({view.clock.name}). "
        f"Points are readings, the line is the forecast.{bands} The target range is {target} {view.unit}."
    )


def _x(scale: Scale, time: np.datetime64) -> float:
    return _LEFT + scale.across(time) * (WIDTH - _LEFT - _RIGHT)


def _y(scale: Scale, glucose: float) -> float:
    return HEIGHT - _BOTTOM - scale.up(glucose) * (HEIGHT - _TOP - _BOTTOM)


def _target(view: ForecastView, scale: Scale) -> Iterable[str]:
    low, high = (_y(scale, limit) for limit in TARGET_RANGE)
    yield f'<path class="target" d="M{_LEFT} {low:.1f}V{high:.1f}H{WIDTH - _RIGHT}V{low:.1f}Z"/>'
    for limit, at in zip(TARGET_RANGE, (low, high), strict=True):
        yield f'<path class="limit" d="M{_LEFT} {at:.1f}H{WIDTH - _RIGHT}"/>'
        yield _number(at, view.unit.text(limit), "strong")


def _glucose_lines(view: ForecastView, scale: Scale) -> Iterable[str]:
    limits = [_y(scale, limit) for limit in TARGET_RANGE]
    for tick in scale.ticks(view.unit):
        at = _y(scale, tick)
        yield f'<path class="grid" d="M{_LEFT} {at:.1f}H{WIDTH - _RIGHT}"/>'
        if all(abs(at - limit) > 15 for limit in limits):  # Else the numbers would lie on each other.
            yield _number(at, view.unit.text(tick), "")
    yield f'<text x="{_LEFT}" y="{_TOP - 8}">{view.unit}</text>'


def _number(at: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{text}</text>'


def _hours(view: ForecastView, scale: Scale) -> Iterable[str]:
    for moment in view.clock.full_hours(scale.first, scale.last):
        at = _x(scale, moment)
        yield f'<path class="grid" d="M{at:.1f} {HEIGHT - _BOTTOM}V{_TOP}"/>'
        short = escape(view.clock.short(moment))
        yield f'<text x="{at:.1f}" y="{HEIGHT - _BOTTOM + 20}" text-anchor="middle">{short}</text>'
    made = f"{view.clock.full(view.origin)}, {view.clock.name}"
    yield f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 8}" text-anchor="end">{escape(made)}</text>'


def _line(view: ForecastView, scale: Scale, values: Iterable[float]) -> list[tuple[float, float]]:
    """From the last reading over the steps."""
    times, glucose = [view.origin, *view.times], [view.last_reading[1], *values]
    return [(_x(scale, time), _y(scale, value)) for time, value in zip(times, glucose, strict=True)]


def _around(view: ForecastView, scale: Scale, band: Band) -> str:
    return f"M{_joined(_line(view, scale, band.high) + _line(view, scale, band.low)[::-1])}Z"


def _joined(points: Iterable[tuple[float, float]]) -> str:
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _marks(view: ForecastView, scale: Scale) -> Iterable[str]:
    """The forecast in half an hour and at the end, by their numbers."""
    last = len(view.times) - 1
    for step in sorted({min(_HALF_HOUR - 1, last), last}):
        x, y = _x(scale, view.times[step]), _y(scale, float(view.glucose[step]))
        yield f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'
        text = view.unit.text(float(view.glucose[step]))
        anchor = "end" if step == last else "middle"
        yield f'<text class="strong" x="{x:.1f}" y="{y - 10:.1f}" text-anchor="{anchor}">{text}</text>'


def _readings(view: ForecastView, scale: Scale) -> Iterable[str]:
    for time, glucose in zip(view.history_times, view.history, strict=True):
        if np.isfinite(glucose):
            yield f'<circle class="reading" cx="{_x(scale, time):.1f}" cy="{_y(scale, float(glucose)):.1f}" r="2.6"/>'


def _now(view: ForecastView, scale: Scale) -> Iterable[str]:
    at = _x(scale, view.origin)
    yield f'<path class="now" d="M{at:.1f} {HEIGHT - _BOTTOM}V{_TOP}"/>'
    yield f'<text x="{at - 5:.1f}" y="{_TOP - 8}" text-anchor="end">{escape(view.clock.short(view.origin))}</text>'
