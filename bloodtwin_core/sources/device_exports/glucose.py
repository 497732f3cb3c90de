"""The glucose column of an export in mg/dL. Its unit is what its name or the setting says, and nothing else."""

from collections.abc import Mapping

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.events.units import GlucoseUnit, UnitsError, in_mg_per_dl
from bloodtwin_core.sources.device_exports import VendorSettings
from bloodtwin_core.sources.device_exports.cells import Cells


def declared_column(
    cells: Cells, columns: Mapping[str, GlucoseUnit | None], settings: VendorSettings
) -> tuple[str, GlucoseUnit]:
    """The column of `columns` that the table has, and the unit that its name, or else the setting, declares.

    Raises DataError if the table has none of them or two with different units, SettingsError if nobody declares a unit
    or the setting contradicts the file.
    """
    there = [name for name in columns if cells.has(name)]
    column = there[0] if there else cells.name_of(*columns)
    named = {unit for name in there if (unit := columns[name])}
    if len(named) > 1:
        todo = "Keep the column of one unit"
        raise DataError(
            "glucose stands in both units", todo=todo, file=cells.path, line=cells.header_line, column=column
        )
    setting = GlucoseUnit(settings.glucose_unit) if settings.glucose_unit else None
    unit = next(iter(named), setting)
    if unit is None:
        raise SettingsError(
            f"{cells.path}: column '{column}' does not say its unit. "
            "Set data.vendor.glucose_unit to mg/dL or mmol/L, as the pump shows it"
        )
    if setting not in (None, unit):
        raise SettingsError(
            f"{cells.path}: column '{column}' is in {unit}, but data.vendor.glucose_unit says {setting}. "
            "Leave the setting empty for files that say their unit"
        )
    return column, unit


def glucose_of(cells: Cells, column: str, unit: GlucoseUnit, words: Mapping[str, float]) -> Floats:
    """Glucose [row], mg/dL, NaN where empty. words: what stands for a reading beyond the sensor's range, and its mg/dL.

    Raises DataError, with line and column, for what is no number or 0, UnitsError if the numbers contradict the unit.
    """
    values = cells.numbers(column, dict.fromkeys(words, np.nan))
    if (row := first_true(values == 0)) is not None:
        todo = "Leave the field empty if it was not measured"
        raise cells.fault(row, column, "a glucose cannot be 0", todo)
    try:
        glucose = in_mg_per_dl(values, unit)
    except UnitsError as error:
        raise UnitsError(error.what, todo=error.todo, file=cells.path, line=cells.header_line, column=column) from error
    texts = np.array([text.lower() for text in cells.texts(column)], dtype=object)
    for word, meaning in words.items():
        glucose = np.where(texts == word.lower(), meaning, glucose)
    return glucose


def readings_of(cells: Cells, column: str, unit: GlucoseUnit, words: Mapping[str, float]) -> Floats:
    """As glucose_of, of rows that are readings by their kind. Raises DataError if not one of them holds a glucose.

    Then the columns do not stand under their names, as where a comma in a name was taken for a border.
    """
    glucose = glucose_of(cells, column, unit, words)
    if len(glucose) and np.isnan(glucose).all():
        todo = "Export the file again and leave it as it comes"
        raise cells.fault(0, column, "not one reading of the file stands in this column", todo)
    return glucose
