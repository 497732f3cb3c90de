"""What stands where in a picture, for a page that says what lies under a finger, a mouse or a slider."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bloodtwin_core.display.svg.canvas import Canvas, Frame
from bloodtwin_core.display.view import ForecastView


@dataclass(frozen=True)
class Point:
    """A reading or a step of the forecast: its place in the picture's own units, and its words."""

    x: float
    y: float
    words: str


def points(view: ForecastView, frame: Frame) -> list[Point]:
    """All of a picture, from left to right."""
    canvas = Canvas(view, frame)
    return [*_readings(canvas), *_steps(canvas)]


def _readings(canvas: Canvas) -> Iterator[Point]:
    view = canvas.view
    for place in np.flatnonzero(np.isfinite(view.history) & (view.history_times >= view.first)):
        time, glucose = view.history_times[place], float(view.history[place])
        yield _point(canvas, time, glucose, f"{view.clock.short(time)}: {view.unit.text(glucose)} {view.unit}")


def _steps(canvas: Canvas) -> Iterator[Point]:
    view, unit = canvas.view, canvas.view.unit
    band = next((band for band in view.bands if round(band.share, 2) == 0.8), None)
    for step, time in enumerate(view.times):
        glucose = float(view.glucose[step])
        words = f"{view.clock.short(time)}: {unit.text(glucose)} {unit} forecast"
        if band is not None:
            low, high = unit.text(float(band.low[step])), unit.text(float(band.high[step]))
            words += f", 8 times in 10 between {low} and {high}"
        yield _point(canvas, time, glucose, words)


def _point(canvas: Canvas, time: np.datetime64, glucose: float, words: str) -> Point:
    return Point(round(canvas.x(time), 1), round(canvas.y(glucose), 1), words)
