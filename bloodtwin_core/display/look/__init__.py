"""How pictures and pages look: style sheets, shared by the page of a forecast and the live page.

light.css and dark.css hold the colours and nothing else, picture.css the picture, page.css text and tables.
"""

import re
from pathlib import Path

SHEETS = ("light", "dark", "picture", "page")
FOLDER = Path(__file__).parent
_COMMENT = re.compile(r"/\*.*?\*/\n?", re.DOTALL)


def look(name: str) -> str:
    """A style sheet by its name, without its comments."""
    return _COMMENT.sub("", (FOLDER / f"{name}.css").read_text("utf-8"))
