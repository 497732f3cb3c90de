"""Tables of the second opinion on a pump's insulin, for the page of raw_pump_splits and its check."""

from collections.abc import Mapping, Sequence

import dagster as dg

from bloodtwin_assets.common.metadata import CellValue, per_cent, table
from bloodtwin_core.events.compared_totals import ComparedTotal, ComparedTotals, ComparedWeek
from bloodtwin_core.events.stated_totals import WORDS
from bloodtwin_core.events.usual_insulin import USUAL, InsulinFigures, insulin_figures
from bloodtwin_core.events.usual_insulin import WORDS as FIGURE_WORDS
from bloodtwin_core.records import PumpRecords

WEEK_COLUMNS = {
    "pump": "Serial number",
    "from": "First day, UTC",
    "of": "What is added up",
    "days": "Days that could be compared",
    "stated": "U that the source itself states",
    "imported": "U in the imported events",
    "difference": "U imported beyond what is stated",
    "difference %": "The same as a share of what is stated",
}
DAY_COLUMNS = {
    "pump": "Serial number",
    "day": "Its beginning, UTC",
    "of": "What is added up",
    "stated": "U that the source itself states",
    "imported": "U in the imported events",
    "unknown": "Hours in which the imported basal rate is unknown; then the two cannot be compared",
}
FIGURE_COLUMNS = {
    "pump": "Serial number",
    "figure": "Over all records",
    "imported": "What it is",
    "usual from": "Lowest that is usual",
    "usual to": "Highest that is usual",
    "unit": "Of all three",
    "source of usual": "Whose figures these are",
}
MOST_ROWS = 100
"""Rows shown in a table, those that differ most first."""


def insulin_tables(
    compared: Mapping[str, ComparedTotals], histories: Mapping[str, Sequence[PumpRecords]]
) -> dict[str, dg.TableMetadataValue | str]:
    """What sources state beside what was imported, and figures of every pump beside what is usual."""
    weeks = [(pump_id, week) for pump_id, totals in compared.items() for week in totals.weeks()]
    days = [(pump_id, day) for pump_id, totals in compared.items() for day in totals.totals]
    figures = [row for pump_id, parts in histories.items() for row in _figure_rows(pump_id, insulin_figures(parts))]
    stated: dict[str, dg.TableMetadataValue | str] = {
        "insulin stated and imported, by week (U)": weeks_table(weeks) if weeks else "no source states a total",
    }
    if days:
        stated["insulin stated and imported, by day (U)"] = _days_table(days)
    if figures:
        stated["plausibility of insulin"] = table(figures, FIGURE_COLUMNS)
    return stated


def weeks_table(weeks: Sequence[tuple[str, ComparedWeek]]) -> dg.TableMetadataValue:
    """Pumps' weeks, those that differ most first."""
    ordered = sorted(weeks, key=lambda each: -abs(each[1].difference))[:MOST_ROWS]
    return table([_week_row(pump_id, week) for pump_id, week in ordered], WEEK_COLUMNS)


def _days_table(days: Sequence[tuple[str, ComparedTotal]]) -> dg.TableMetadataValue:
    ordered = sorted(days, key=lambda each: (not each[1].comparable, -abs(each[1].imported - each[1].stated)))
    return table([_day_row(pump_id, day) for pump_id, day in ordered[:MOST_ROWS]], DAY_COLUMNS)


def _week_row(pump_id: str, week: ComparedWeek) -> dict[str, CellValue]:
    return {
        "pump": pump_id,
        "from": str(week.start)[:10],
        "of": WORDS[week.kind],
        "days": week.days,
        "stated": week.stated,
        "imported": week.imported,
        "difference": week.difference,
        "difference %": per_cent(week.share),
    }


def _day_row(pump_id: str, day: ComparedTotal) -> dict[str, CellValue]:
    return {
        "pump": pump_id,
        "day": str(day.start),
        "of": WORDS[day.kind],
        "stated": day.stated,
        "imported": day.imported,
        "unknown": day.unknown_hours,
    }


def _figure_rows(pump_id: str, figures: InsulinFigures) -> list[dict[str, CellValue]]:
    rows: list[dict[str, CellValue]] = []
    for name, usual in USUAL.items():
        value = float(getattr(figures, name))
        rows.append(
            {
                "pump": pump_id,
                "figure": f"{FIGURE_WORDS[name]}{' (unusual)' if name in figures.unusual() else ''}",
                "imported": value,
                "usual from": usual.lowest,
                "usual to": usual.highest,
                "unit": usual.unit,
                "source of usual": usual.source,
            }
        )
    return rows
