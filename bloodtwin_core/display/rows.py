"""What a picture shows as tables, for those who do not see it and for copying."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bloodtwin_core.display.doses import Amounts
from bloodtwin_core.display.view import ForecastView


@dataclass(frozen=True)
class Table:
    """columns and rows [row][column] as text; the first column names the row."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def forecast_table(view: ForecastView) -> Table:
    """Each step: when, glucose, and the bands, the narrowest first."""
    bands = view.bands[::-1]
    rows = []
    for step, time in enumerate(view.times):
        between = [
            f"{view.unit.text(float(band.low[step]))} to {view.unit.text(float(band.high[step]))}" for band in bands
        ]
        glucose = view.unit.text(float(view.glucose[step]))
        rows.append([view.clock.short(time), str(view.minutes_ahead[step]), glucose, *between])
    ahead = f"The coming {view.minutes_ahead[-1]} minutes" if view.has_forecast else "The coming hour"
    caption = f"{ahead} ({view.clock.name}), and between what so many readings should lie"
    columns = ["time", "min ahead", str(view.unit), *(f"{band.share:.0%} in" for band in bands)]
    return Table(caption, columns, rows)


def history_table(view: ForecastView) -> Table:
    """Each reading that is drawn, the newest first, with what was eaten and given since the one before."""
    shown = np.isfinite(view.history) & (view.history_times >= view.first)
    times, glucose = view.history_times[shown], view.history[shown]
    before = np.concatenate([[view.first], times[:-1]]) if len(times) else times
    rows = [
        [
            view.clock.short(time),
            view.unit.text(float(value)),
            _between(view.doses.carbohydrates, since, time, ".0f"),
            _between(view.doses.bolus, since, time, ".2f"),
        ]
        for time, value, since in zip(times, glucose, before, strict=True)
    ]
    caption = f"Readings ({view.clock.name}), the newest first"
    return Table(caption, ["time", str(view.unit), "carbs, g", "bolus, U"], rows[::-1])


def _between(given: Amounts, since: np.datetime64, until: np.datetime64, form: str) -> str:
    total = float(given.amounts[(given.times > since) & (given.times <= until)].sum())
    return f"{total:{form}}" if total else ""
