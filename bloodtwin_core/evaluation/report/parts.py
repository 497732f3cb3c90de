"""What a page is made of: sections with words, tables and pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from matplotlib.figure import Figure

NOT_KNOWN = "–"
INTERVAL_LABEL = "95 % interval"


@dataclass(frozen=True)
class Cell:
    """A figure or words as they are shown; bar is the length of a bar behind a figure, from 0 to 1."""

    text: str
    bar: float | None = None
    words: bool = False


@dataclass(frozen=True)
class Table:
    """A table: its caption, its columns' heads, and rows, each with its head first."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]


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
    tables: Sequence[Table] = field(default_factory=tuple)
    pictures: Sequence[Picture] = field(default_factory=tuple)


def figure_cell(value: float | None, decimals: int = 1, unit: str = "") -> Cell:
    """A number to so many decimals, or a dash."""
    return Cell(NOT_KNOWN if value is None else f"{value:,.{decimals}f}{unit}")


def count_cell(value: int) -> Cell:
    """A count."""
    return Cell(f"{value:,}")


def share_cell(value: float | None, decimals: int = 1) -> Cell:
    """A share from 0 to 1 in per cent, or a dash."""
    return figure_cell(None if value is None else 100.0 * value, decimals, " %")


def skill_cell(value: float | None) -> Cell:
    """A skill with a bar that is full where persistence errs no more."""
    return Cell(NOT_KNOWN) if value is None else Cell(f"{value:.3f}", min(max(value, 0.0), 1.0))
