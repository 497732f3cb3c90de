"""What all pictures share: sizes, colours, axes, and the two forms in which they leave, PNG and inline SVG.

A PNG's background is transparent and all ink is of middle lightness, so that it reads on white and on dark pages.
In an SVG the ink is the page's own text colour and each other colour a variable that the page may set.
The colours follow Okabe and Ito's palette, which colour-blind people can tell apart; lines differ in style as well.
"""

import re
from html import escape
from io import BytesIO, StringIO

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

INK = "#838990"
"""Contrast 3.6 on white and 4.6 on #1c1f26."""
BLUE, VERMILLION, GREEN, ORANGE, PURPLE = "#2f8ac9", "#d55e00", "#009e73", "#e69f00", "#cc79a7"
PAGE_COLOURS = {
    INK: "currentColor",
    BLUE: f"var(--blue, {BLUE})",
    VERMILLION: f"var(--vermillion, {VERMILLION})",
    GREEN: f"var(--green, {GREEN})",
    ORANGE: f"var(--orange, {ORANGE})",
    PURPLE: f"var(--purple, {PURPLE})",
}
"""What a colour is called in a page, with what it is where the page does not say."""
BASELINE_LOOKS = ((INK, "s", ":"), (ORANGE, "^", "--"), (GREEN, "v", "-."), (PURPLE, "D", (0, (4, 1, 1, 1))))
"""Colour, marker and line of the forecasters beside the model, in their order; a fifth begins anew."""
Size = tuple[float, float]
WIDE: Size = (8.0, 4.2)
"""Width and height (inches) of what shows a day or a training."""
SMALL: Size = (4.8, 3.7)
"""Of everything else, so that its letters can be read on a telephone."""
SQUARE: Size = (4.7, 4.9)
DOTS_PER_INCH = 110
LEGEND_ROW = 4
"""Most legend entries that fit in one row of a wide picture."""
LEGEND_ROW_SMALL = 2
_REFERENCE = re.compile(r'(id="|href="#|url\(#)')
_PROLOGUE = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_SIZE = re.compile(r'<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="[^"]*" height="[^"]*"')
_FONT = re.compile(r"; font-family: [^;\"]*")
_LINE_BREAKS_IN_PATHS = re.compile(r" ?\n(?=[MLCQz])| ?\n(?=\")")


def new_figure(title: str, x_label: str, y_label: str, size: Size = SMALL) -> tuple[Figure, Axes]:
    """An empty picture with one pair of axes; the labels name the unit."""
    figure = Figure(figsize=size, dpi=DOTS_PER_INCH, layout="constrained", facecolor="none")
    axes = figure.add_subplot()
    if title:
        figure.suptitle(title, color=INK, fontsize=12, fontweight="bold", x=0.01, ha="left")
    dress(axes, x_label, y_label)
    return figure, axes


def dress(axes: Axes, x_label: str, y_label: str) -> None:
    """Give axes their labels and the ink of all pictures."""
    axes.set_facecolor("none")
    axes.set_xlabel(x_label, color=INK)
    axes.set_ylabel(y_label, color=INK)
    axes.tick_params(colors=INK)
    axes.grid(color=INK, alpha=0.22, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_color(INK)
        spine.set_visible(side in ("left", "bottom"))


def legend_above(figure: Figure, axes: Axes) -> None:
    """Explain the lines in rows above the axes, where they cover nothing."""
    entries = len(axes.get_legend_handles_labels()[0])
    wide = figure.get_figwidth() >= WIDE[0]
    row = LEGEND_ROW if wide else LEGEND_ROW_SMALL
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2,
        ncols=entries if entries <= row else 3 if wide else LEGEND_ROW_SMALL,
        frameon=False, labelcolor=INK, fontsize=9, columnspacing=1.4, handlelength=2.2,
    )  # fmt: skip


def small_png(figure: Figure, colours: int = 256) -> bytes:
    """A figure in so many colours with transparency: a third of the size, and no difference to see."""
    drawn, small = BytesIO(), BytesIO()
    figure.savefig(drawn, format="png", transparent=True)
    Image.open(drawn).quantize(colours, method=Image.Quantize.FASTOCTREE).save(small, format="png", optimize=True)
    return small.getvalue()


def inline_svg(figure: Figure, name: str, description: str) -> str:
    """A figure to stand within an HTML page, which gives it ink, colours, typeface and width.

    name is unlike that of every other picture of the page, since ids count for the whole page; description is read
    out to those who do not see it. The same figure gives the same text.
    """
    drawn = StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(
            drawn, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
    svg = _PROLOGUE.sub("", drawn.getvalue())
    svg = _SIZE.sub(f'<svg role="img" aria-label="{escape(description)}"', svg, count=1)
    svg = _REFERENCE.sub(rf"\g<1>{name}-", svg)
    svg = _LINE_BREAKS_IN_PATHS.sub("", _FONT.sub("", svg))
    for colour, variable in PAGE_COLOURS.items():
        svg = svg.replace(colour, variable)
    return svg
