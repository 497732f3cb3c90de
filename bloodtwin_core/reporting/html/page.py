"""The report as one HTML file: no script, nothing fetched, readable in light and dark."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.html.parts import Picture, Section
from bloodtwin_core.reporting.plots.canvas import inline_svg

PACKAGE = "bloodtwin_core.reporting.html"


@dataclass(frozen=True)
class ReportPage:
    """What the report says: opening is a few lines; about names what was tested, as label and value."""

    title: str
    opening: Sequence[str]
    about: Sequence[tuple[str, str]]
    sections: Sequence[Section]


def html(page: ReportPage) -> str:
    """The page as text. The same page gives the same text."""
    environment = Environment(
        loader=PackageLoader(PACKAGE, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_together,
    )
    style = Markup((files(PACKAGE) / "report.css").read_text("utf-8"))
    return environment.get_template("report.html.jinja").render(page=page, style=style, drawn=_drawn)


def write_page(page: ReportPage, path: Path) -> None:
    """Write the page; what stood there stays until the new file is whole."""
    with atomic_write(path) as temporary:
        temporary.write_text(html(page), "utf-8")


def _together(value: object) -> object:
    """A number and its unit stay in one line."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    for unit in ("%", *GlucoseUnit):
        value = value.replace(f" {unit}", f"\N{NO-BREAK SPACE}{unit}")
    return value


def _drawn(picture: Picture) -> Markup:
    """The one text that goes into the page unescaped: inline_svg escapes what it is given."""
    return Markup(inline_svg(picture.figure, picture.name, picture.description))
