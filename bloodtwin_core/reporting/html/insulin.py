"""The section on what the forecaster says about other insulin, which it should not be asked."""

from bloodtwin_core.evaluation.insulin_answers import InsulinResponse
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.html.parts import HtmlCell, HtmlTable, Section

WORDS = (
    "A forecast is not an answer to the question what a dose would do. To show it, the test windows are given insulin "
    "that nobody gave, and the forecasts are made again; beside them stands what pharmacology expects, by Loop's "
    "action curve and the rule of 1700. Nothing here sends a command to any device."
)


def insulin_section(response: InsulinResponse, unit: GlucoseUnit = GlucoseUnit.mg_dl) -> Section:
    """The verdict and the answers."""
    rows = [
        [
            HtmlCell(answer.change),
            HtmlCell(f"{answer.minutes} min"),
            HtmlCell(unit.change(answer.forecaster, 1)),
            HtmlCell(unit.change(answer.pharmacology, 1)),
        ]
        for answer in response.answers
    ]
    caption = (
        f"Mean change of the forecast ({unit}) on {response.windows:,} complete windows; a unit takes off "
        f"{unit.text(response.sensitivity)} {unit} in six hours (median)"
    )
    table = HtmlTable(caption, ["Other insulin", "After", "Forecaster", "Pharmacology"], rows)
    return Section("insulin", "No model of what insulin does", [WORDS, response.verdict_in(unit)], [table])
