"""A forecast as an HTML page of its own: the picture, and beneath it a table for those who do not see it."""

from html import escape

from bloodtwin_core.display.svg import picture
from bloodtwin_core.display.view import ForecastView

_STYLE = """
:root { color-scheme: light dark; --ink: #1b2430; --soft: #5b6675; --line: #e3e7ec; --ground: #ffffff }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf1; --soft: #9aa5b4; --line: #2a323d; --ground: #12171e } }
body { margin: 0 auto; max-width: 820px; padding: 1rem; color: var(--ink); background: var(--ground);
       font: 16px/1.5 system-ui, sans-serif }
.now { font-size: 2.4rem; font-weight: 600; margin: 0 }
svg { width: 100%; max-width: 760px; height: auto }
.wide { overflow-x: auto }
@media (max-width: 520px) { .wide { font-size: .8rem } }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
caption { text-align: left; font-weight: 600; padding: .5rem 0 }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--line); font-weight: 400;
         white-space: nowrap }
thead th { color: var(--soft) }
.now small { white-space: nowrap }
.note { color: var(--soft); font-size: .9rem }
"""
_CAUTION = "bloodTwin is no medical device. Never dose insulin from a forecast alone."


def page(view: ForecastView) -> str:
    """The page; it asks for nothing from elsewhere, and its policy forbids it. Whatever a name holds is escaped."""
    name = escape(view.pump_id)
    when, now = view.last_reading
    reading = f"last reading {view.clock.full(when)} ({view.clock.name})"
    about = f'<p class="note">{escape(view.about)}</p>' if view.about else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Glucose forecast for {name}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1 class="note">Glucose forecast for {name}</h1>
<p class="now">{view.unit.text(now)} {view.unit}{_direction(view)}</p>
<p class="note">{escape(reading)}</p>
{picture(view)}
<div class="wide" role="region" aria-label="The forecast as a table" tabindex="0">{_table(view)}</div>
{about}
<p class="note">{_CAUTION}</p>
</main>
</body>
</html>
"""


def _direction(view: ForecastView) -> str:
    if view.change is None:
        return ""
    change = view.unit.of(view.change)
    sign = "+" if change >= 0 else "−"
    return f' <small class="note">{sign}{abs(change):.{view.unit.decimals}f} in 15 min</small>'


def _table(view: ForecastView) -> str:
    bands = view.bands[::-1]
    heads = ["time", "min ahead", str(view.unit), *(f"{band.share:.0%} in" for band in bands)]
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    rows = []
    for step, time in enumerate(view.times):
        cells = [str(view.minutes_ahead[step]), view.unit.text(float(view.glucose[step]))]
        cells += [
            f"{view.unit.text(float(band.low[step]))} to {view.unit.text(float(band.high[step]))}" for band in bands
        ]
        row = "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{escape(view.clock.short(time))}</th>{row}</tr>')
    zone = escape(view.clock.name)
    caption = f"The coming {view.minutes_ahead[-1]} minutes ({zone}), and between what so many readings should lie"
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
