"""A forecast as an HTML page of its own: the picture, and beneath it a table for those who do not see it."""

from html import escape

from bloodtwin_core.display.look import look
from bloodtwin_core.display.rows import Table, forecast_table
from bloodtwin_core.display.svg import Frame, bare_picture
from bloodtwin_core.display.svg.picture import colours
from bloodtwin_core.display.view import ForecastView
from bloodtwin_core.display.words import Direction, Level, change_words, sayings

_FRAME = Frame(760.0, 430.0, is_titled=False)
CAUTION = "bloodTwin is no medical device. Never dose insulin from a forecast alone."


def page(view: ForecastView) -> str:
    """The page; it asks for nothing from elsewhere, and its policy forbids it. Whatever a name holds is escaped."""
    name = escape(view.pump_id)
    when, now = view.last_reading
    reading = f"last reading {view.clock.full(when)} ({view.clock.name})"
    said = "".join(f'<p class="said">{escape(saying.words)}</p>\n' for saying in sayings(view))
    about = f'<p class="note">{escape(view.about)}</p>' if view.about else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Glucose forecast for {name}</title>
<style>
{colours()}{look("page")}{look("picture")}</style>
</head>
<body>
<main>
<h1 class="note">Glucose forecast for {name}</h1>
<p class="reading"><strong>{view.unit.text(now)}</strong> {view.unit}, {_standing(view, now)}</p>
<p class="note">{escape(reading)}</p>
{said}<p>{escape(view.at_the_end())}</p>
{bare_picture(view, _FRAME)}<div class="wide" role="region" aria-label="The forecast as a table" tabindex="0">
{_html(forecast_table(view))}
</div>
{about}
<p class="note">{CAUTION}</p>
</main>
</body>
</html>
"""


def _standing(view: ForecastView, now: float) -> str:
    """Where glucose stands and goes."""
    words = [Level.of(now), Direction.of(view.change_per_minute)]
    return escape(", ".join([*words, change_words(view)] if view.change is not None else words[:1]))


def _html(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in table.columns)
    rows = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
        for first, *cells in table.rows
    )
    caption = escape(table.caption)
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
