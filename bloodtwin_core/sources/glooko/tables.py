"""The tables of a Glooko export, known by their columns, in English, German and Dutch.

Layout: in each file a line with the wearer's name and the days, then a header and rows, comma-separated, newest or
oldest first; numbers with a decimal point or, quoted, a comma. Column names as in public readers of such exports:
iricigor/Glooko and the tests of aidR (English), the tests of glucose diaries that read German ones, a script that
merges Dutch ones.
"""

import re
from enum import StrEnum

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.sources.device_exports.cells import Cells, decoded_text, split_rows
from bloodtwin_core.sources.device_exports.export import Export
from bloodtwin_core.sources.exported_files import ExportedFile

TIME, SERIAL, KIND = "Timestamp", "Serial Number", "Insulin Type"
GLUCOSE_MG, GLUCOSE_MMOL = "CGM Glucose Value (mg/dl)", "CGM Glucose Value (mmol/l)"
DURATION, PERCENTAGE, RATE = "Duration (minutes)", "Percentage (%)", "Rate"
DELIVERED, INITIAL, EXTENDED = "Insulin Delivered (U)", "Initial Delivery (U)", "Extended Delivery (U)"
CARBOHYDRATES_INPUT = "Carbs Input (g)"
TOTAL_BOLUS, TOTAL_ALL, TOTAL_BASAL = "Total Bolus (U)", "Total Insulin (U)", "Total Basal (U)"

_ENGLISH = (
    TIME, SERIAL, KIND, GLUCOSE_MG, GLUCOSE_MMOL, DURATION, PERCENTAGE, RATE, DELIVERED, INITIAL, EXTENDED,
    CARBOHYDRATES_INPUT, TOTAL_BOLUS, TOTAL_ALL, TOTAL_BASAL,
)  # fmt: skip
_GERMAN = {
    "Zeitstempel": TIME,
    "Seriennummer": SERIAL,
    "Insulin-Typ": KIND,
    "CGM-Glukosewert (mg/dl)": GLUCOSE_MG,
    "CGM-Glukosewert (mmol/l)": GLUCOSE_MMOL,
    "Dauer (Minuten)": DURATION,
    "Prozentsatz (%)": PERCENTAGE,
    "Abgegebenes Insulin (E)": DELIVERED,
    "Anfängliche Abgabe (E)": INITIAL,
    "Anfängliche Abgabe": INITIAL,
    "Verzögerte Abgabe (E)": EXTENDED,
    "Verzögert": EXTENDED,
    "Kohlenhydrataufnahme (g)": CARBOHYDRATES_INPUT,
    "Bolus gesamt (U)": TOTAL_BOLUS,
    "Insulin gesamt (U)": TOTAL_ALL,
    "Basal gesamt (U)": TOTAL_BASAL,
}
_DUTCH = {
    "Tijdstempel": TIME,
    "Serienummer": SERIAL,
    "Insulinetype": KIND,
    "CGM-glucosewaarde (mg/dl)": GLUCOSE_MG,
    "CGM-glucosewaarde (mmol/l)": GLUCOSE_MMOL,
    "Duur (minuten)": DURATION,
    "Percentage (%)": PERCENTAGE,
    "Hoeveelheid": RATE,
    "Toegediende insuline (eenh.)": DELIVERED,
    "Eerste toediening (eenh.)": INITIAL,
    "Uitgebreide toediening (eenh.)": EXTENDED,
    "Invoer koolhydraatverbruik (g)": CARBOHYDRATES_INPUT,
}
_NAMES = {name.casefold(): name for name in _ENGLISH} | {
    name.casefold(): mine for language in (_GERMAN, _DUTCH) for name, mine in language.items()
}
_FIRST_ROWS = 3
"""Rows among which the header stands."""
_NOT_READ = re.compile(
    r"(alarms|bg|carbs|cgm_carbs|exercise|food|medication|notes|manual_insulin|ketones?|blood_pressure|weight|steps)_data",
    re.IGNORECASE,
)
"""Files that hold neither sensor readings nor what the pump delivered; fingersticks (bg) are no readings."""
MANUAL_INSULIN = re.compile("manual_insulin_data", re.IGNORECASE)


class TableKind(StrEnum):
    """What a table tells of."""

    glucose = "glucose"
    basal = "basal"
    bolus = "bolus"
    totals = "totals"


_KINDS_NAMED = {
    "cgm_data": TableKind.glucose,
    "basal_data": TableKind.basal,
    "bolus_data": TableKind.bolus,
    "insulin_data": TableKind.totals,
}
"""What the names of files tell, the same in every language."""


def is_export_file(name: str) -> bool:
    """Whether a file of this name is one of an export."""
    return re.fullmatch(r"\w+_data(_\d+)?\.csv", name, re.IGNORECASE) is not None


def is_read(name: str) -> bool:
    """Whether a file of this name holds what is read."""
    return _NOT_READ.match(name) is None


def table_of(file: ExportedFile) -> tuple[TableKind, Cells]:
    """The one table of a file, its columns under their English names.

    Raises DataError if its columns are not those of an export in a language that is known.
    """
    export = export_of(file)
    header = next((row for row in export.rows[:_FIRST_ROWS] if TIME in row), None)
    kind = _kind_of(header) if header is not None else None
    named = next((mine for word, mine in _KINDS_NAMED.items() if file.name.casefold().startswith(word)), kind)
    if kind is not named and kind is not None:
        raise DataError(
            f"the columns are those of {kind}, but the file is called as one of {named}: a column was lost",
            todo="Export it again, and leave it as it comes",
            file=file.path,
        )
    if header is None or kind is None:
        shown = header or (export.rows[min(1, len(export.rows) - 1)] if export.rows else [])
        raise DataError(
            f"the columns are not known: {', '.join(filter(None, shown))[:200] or 'there are none'}",
            todo="Export it again with the account set to English, German or Dutch, and leave it as it comes",
            file=file.path,
        )
    return kind, export.only_table(TIME, above=_FIRST_ROWS - 1)


def export_of(file: ExportedFile) -> Export:
    """A file as rows of cells, the columns of its header under their English names. DataError if it is no text."""
    text = decoded_text(file.path, file.content)
    head = text.splitlines()[:_FIRST_ROWS]
    delimiter = max(",;\t", key=lambda each: max((line.count(each) for line in head), default=0))
    rows, lines = split_rows(file.path, text, delimiter)
    for place, row in enumerate(rows[:_FIRST_ROWS]):
        if row and row[0].casefold() in _NAMES:
            rows[place] = [_NAMES.get(name.casefold(), name) for name in row]
    return Export(file.path, text, delimiter, rows, lines)


def _kind_of(header: list[str] | tuple[str, ...] | object) -> TableKind | None:
    names = set(header) if isinstance(header, list | tuple) else set()
    if names & {GLUCOSE_MG, GLUCOSE_MMOL}:
        return TableKind.glucose
    if DURATION in names and names & {RATE, DELIVERED}:
        return TableKind.basal
    if DELIVERED in names:
        return TableKind.bolus
    return TableKind.totals if names & {TOTAL_BOLUS, TOTAL_ALL, TOTAL_BASAL} else None
