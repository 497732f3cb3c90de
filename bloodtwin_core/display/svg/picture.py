"""A forecast as one SVG picture, light and dark, readable without colour and by screen readers."""

from collections.abc import Iterable
from enum import StrEnum
from html import escape

from bloodtwin_core.display.look import look
from bloodtwin_core.display.svg.canvas import Canvas, Frame
from bloodtwin_core.display.svg.doses import doses
from bloodtwin_core.display.svg.glucose import behind, fan, readings
from bloodtwin_core.display.view import ForecastView
from bloodtwin_core.records import TARGET_RANGE


class Theme(StrEnum):
    """Whose colours a picture has: the reader's choice, or one for a page that chooses between two files."""

    readers = "readers"
    light = "light"
    dark = "dark"


def picture(view: ForecastView, theme: Theme = Theme.readers, frame: Frame | None = None) -> str:
    """The picture, complete in itself. Whatever a name holds is escaped."""
    return _drawn(view, frame or Frame(), f"<style>\n{colours(theme)}{look('picture')}</style>")


def bare_picture(view: ForecastView, frame: Frame) -> str:
    """The picture without its style, for a page that has look("light"), look("dark") and look("picture") itself."""
    return _drawn(view, frame, "")


def colours(theme: Theme = Theme.readers) -> str:
    """The style sheet of a theme's colours."""
    if theme is not Theme.readers:
        return look(theme)
    return f"{look('light')}@media (prefers-color-scheme: dark) {{\n{look('dark')}}}\n"


def _drawn(view: ForecastView, frame: Frame, style: str) -> str:
    canvas = Canvas(view, frame)
    title = f"Glucose forecast for {view.pump_id}"
    size = f'viewBox="0 0 {frame.width:g} {frame.height:g}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="bt" {size} role="img" aria-labelledby="bt-title bt-desc">',
        f'<title id="bt-title">{escape(title)}</title>',
        f'<desc id="bt-desc">{escape(described(view))}</desc>',
        style,
        f'<rect class="ground" width="{frame.width:g}" height="{frame.height:g}"/>',
        *(_titles(canvas, title) if frame.is_titled else ()),
        *behind(canvas),
        *doses(canvas),
        *fan(canvas),
        *readings(canvas),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _titles(canvas: Canvas, title: str) -> Iterable[str]:
    """Whose forecast, what it says in a line, and of when it is."""
    view, frame = canvas.view, canvas.frame
    yield f'<text class="name" x="{canvas.left}" y="26">{escape(title)}</text>'
    yield f'<text x="{canvas.left}" y="50">{escape(view.headline())}</text>'
    made = f"{view.clock.full(view.origin)}, {view.clock.name}"
    yield f'<text x="{canvas.right}" y="{frame.height - 8}" text-anchor="end">{escape(made)}</text>'


def described(view: ForecastView) -> str:
    """The picture in words."""
    shares = [f"{band.share:.0%}" for band in view.bands[::-1]]
    bands = f" Bands hold {', '.join(shares)} of readings." if shares else ""
    target = " to ".join(view.unit.text(limit) for limit in TARGET_RANGE)
    drawn = "Points are readings, the line is the forecast." if view.has_forecast else "Points are readings."
    return (
        f"{view.headline()}. Made at {view.clock.full(view.origin)} ({view.clock.name}). "
        f"{drawn}{bands} The target range is {target} {view.unit}."
    )
