"""The picture of a forecast: canvas.py places, glucose.py and doses.py draw, picture.py puts together."""

from bloodtwin_core.display.svg.canvas import Frame
from bloodtwin_core.display.svg.picture import Theme, bare_picture, picture
from bloodtwin_core.display.svg.points import Point, points

__all__ = ["Frame", "Point", "Theme", "bare_picture", "picture", "points"]
