"""What a page is made of: sections with words, tables and pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from matplotlib.figure import Figure

from bloodtwin_core.records.glucose_units import GlucoseUnit

NOT_KNOWN = "–"
INTERVAL_LABEL = "95 % interval"


@dataclass(frozen=True)
class HtmlCell:
    """A figure or words as they are shown; bar is the length of a bar behind a figure, from 0 to 1."""

    text: str
    bar: float | None = None
    words: bool = False


@dataclass(frozen=True)
class HtmlTable:
    """A table: its caption, its columns' heads, and rows, each with its head first."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[HtmlCell]]


@dataclass(frozen=True)
class Picture:
    """A picture: name is unlike every other's on the page; description says what is seen in it, for who cannot see."""

    name: str
    figure: Figure
    caption: str
    description: str
    wide: bool = False


@dataclass(frozen=True)
class Section:
    """A part of the page under a heading; anchor is its address within the page."""

    anchor: str
    title: str
    words: Sequence[str]
    tables: Sequence[HtmlTable] = field(default_factory=tuple)
    pictures: Sequence[Picture] = field(default_factory=tuple)


def figure_cell(value: float | None, decimals: int = 1, unit: str = "") -> HtmlCell:
    """A number to so many decimals, or a dash."""
    return HtmlCell(NOT_KNOWN if value is None else f"{value:,.{decimals}f}{unit}")


def glucose_cell(value: float | None, unit: GlucoseUnit, decimals: int = 1) -> HtmlCell:
    """A glucose or an error (mg/dL) in a unit, or a dash; decimals are those in mg/dL."""
    return HtmlCell(NOT_KNOWN if value is None else unit.text(value, decimals))


def count_cell(value: int) -> HtmlCell:
    """A count."""
    return HtmlCell(f"{value:,}")


def share_cell(value: float | None, decimals: int = 1) -> HtmlCell:
    """A share from 0 to 1 in per cent, or a dash."""
    return figure_cell(None if value is None else 100.0 * value, decimals, " %")


def skill_cell(value: float | None) -> HtmlCell:
    """A skill with a bar that is full where persistence errs no more."""
    return HtmlCell(NOT_KNOWN) if value is None else HtmlCell(f"{value:.3f}", min(max(value, 0.0), 1.0))
