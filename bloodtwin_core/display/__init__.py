"""A forecast drawn as text, SVG or a page of its own, with numpy alone.

view.py holds what is drawn, in mg/dL and UTC; text.py, svg/, rows.py and page.py draw it, in the unit and zone of the
reader; words.py says it; look/ holds the style sheets.
"""

from bloodtwin_core.display.page import page
from bloodtwin_core.display.svg import Frame, Theme, picture
from bloodtwin_core.display.text import fan, table
from bloodtwin_core.display.view import Band, ForecastView, view_of

__all__ = ["Band", "ForecastView", "Frame", "Theme", "fan", "page", "picture", "table", "view_of"]
