"""A forecast drawn as text, SVG or a page of its own, with numpy alone.

view.py holds what is drawn, in mg/dL and UTC; text.py, svg.py and page.py draw it, in the unit and zone of the reader.
"""

from bloodtwin_core.display.page import page
from bloodtwin_core.display.svg import Theme, picture
from bloodtwin_core.display.text import fan, table
from bloodtwin_core.display.view import Band, ForecastView, view_of

__all__ = ["Band", "ForecastView", "Theme", "fan", "page", "picture", "table", "view_of"]
