"""The section on what forecasts attend to, and whether that says something true."""

import numpy as np

from bloodtwin_core.evaluation.attention import Attended, AttendedWindow, Weights
from bloodtwin_core.evaluation.faithfulness import AttentionFaithfulness
from bloodtwin_core.records import RECORD_MINUTES, RECORDS_PER_HOUR
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.html.narrative import share
from bloodtwin_core.reporting.html.parts import HtmlCell, HtmlTable, Picture, Section, glucose_cell
from bloodtwin_core.reporting.plots.attention import attended_window_figure, attention_by_age_figure

WORDS = (
    "The network weighs what it kept of each past record when it forecasts. The pictures show these weights, averaged "
    "over test windows and in single ones. Weights look like an explanation but need not be one, so they are put to a "
    "test: readings are taken away, as a sensor gap would, and the forecasts made again."
)


def attention_section(attended: Attended, unit: GlucoseUnit = GlucoseUnit.mg_dl) -> Section:
    """The verdict, then what is attended to."""
    faithfulness = attended.faithfulness
    verdict = faithfulness if isinstance(faithfulness, str) else faithfulness.verdict(unit)
    tables = [] if isinstance(faithfulness, str) else [_table(faithfulness, unit)]
    pictures = [
        _by_age(attended.weights),
        *(_window(place, each, unit) for place, each in enumerate(attended.examples)),
    ]
    return Section("attention", "What it attends to", [WORDS, verdict], tables, pictures)


def hours_that_hold(weights: Weights, part: float) -> float:
    """Hours before the forecast that hold this part (0 to 1) of the attention."""
    records = 1 + int(np.searchsorted(np.cumsum(weights[::-1]), part * weights.sum()))
    return records * RECORD_MINUTES / 60


def _table(faithfulness: AttentionFaithfulness, unit: GlucoseUnit) -> HtmlTable:
    rows = [
        [HtmlCell("nothing"), glucose_cell(faithfulness.mae, unit, 2)],
        [
            HtmlCell(f"{faithfulness.removed} readings at random"),
            glucose_cell(faithfulness.mae_without_random, unit, 2),
        ],
        [
            HtmlCell(f"{faithfulness.removed} that another window attends to"),
            glucose_cell(faithfulness.mae_without_those_of_another, unit, 2),
        ],
        [
            HtmlCell(f"the {faithfulness.removed} attended to most"),
            glucose_cell(faithfulness.mae_without_attended, unit, 2),
        ],
    ]
    caption = (
        f"Mean error over all steps ({unit}) when readings are taken away, on {faithfulness.windows:,} complete windows"
    )
    return HtmlTable(caption, ["Taken away", "MAE"], rows)


def _by_age(weights: Weights) -> Picture:
    half = hours_that_hold(weights, 0.5)
    last_hour = float(weights[-RECORDS_PER_HOUR:].sum() / weights.sum())
    return Picture(
        "attention-by-age",
        attention_by_age_figure("Attention by age", weights),
        f"Half of the attention lies on the last {half:.1f} hours.",
        f"Bars: share of the attention on each hour before the forecast. The last hour holds {share(last_hour)}, half "
        f"of all lies on the last {half:.1f} hours.",
    )


def _window(place: int, window: AttendedWindow, unit: GlucoseUnit) -> Picture:
    when = str(window.origin.astype("datetime64[m]")).replace("T", " ")
    title = f"Attention of one forecast: pump {window.pump_id}, {when}"
    most = (len(window.weights) - 1 - int(np.argmax(window.weights))) * RECORD_MINUTES
    return Picture(
        f"attention-{place}",
        attended_window_figure(title, window.readings, window.weights, unit),
        "Readings before the forecast, and beneath them the weight of each.",
        f"{title}: readings of the lookback and their weights; the largest is {most} minutes before the forecast.",
        wide=True,
    )
