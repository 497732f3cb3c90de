"""The files of BrisT1D in either of two layouts, told by their header: as published, or as Glucose-ML has them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.csv_table import CsvTable, columns_of, first_true, read_table
from bloodtwin_core.common.errors import DataError, listed
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.possible import POSSIBLE_BOLUS, POSSIBLE_GLUCOSE, outside
from bloodtwin_core.events.units import MG_PER_DL_PER_MMOL_PER_L, GlucoseUnit, UnitsError, in_mg_per_dl
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.published import data_set_folder, wall_times, wanted_people

TIME = "timestamp"
INSULIN = "insulin"
CARBS = "carbs"
_FILE = re.compile(r"(P\d+)\.csv")
_PER_MG_DL = {GlucoseUnit.mg_dl: 1.0, GlucoseUnit.mmol_l: MG_PER_DL_PER_MMOL_PER_L}


@dataclass(frozen=True)
class Layout:
    """How a file is laid out: its column of glucose and its unit, and whether insulin stands beside it."""

    glucose: str
    unit: GlucoseUnit
    with_insulin: bool


_PUBLISHED = Layout("bg", GlucoseUnit.mmol_l, with_insulin=True)
_HARMONISED = Layout("glucose_value_mg_dl", GlucoseUnit.mg_dl, with_insulin=False)


@dataclass(frozen=True)
class Rows:
    """A person's file, [row], in the file's order; NaN where a cell is empty.

    times: wall time. glucose: mg/dL. insulin: U, basal and bolus together, of the five minutes before the time.
    carbohydrates: g. What the layout does not have is NaN throughout.
    """

    table: CsvTable
    layout: Layout
    times: Timestamps
    glucose: Floats
    insulin: Floats
    carbohydrates: Floats


def person_files(settings: DataSettings) -> dict[str, Path]:
    """Each wanted person's file, by name.

    Raises SettingsError if data.root is not set, DataError if the folder or a person's file is not there.
    """
    root = data_set_folder(settings, "BrisT1D", "P02.csv")
    found = {match[1]: path for path in root.iterdir() if (match := _FILE.fullmatch(path.name))}
    if not found:
        todo = "Point data.root to the BrisT1D folder, as published or as harmonised by Glucose-ML"
        raise DataError("the folder holds no files such as P02.csv", todo=todo, file=root)
    return wanted_people(found, settings, root, lacking="no file")


def read_rows(path: Path) -> Rows:
    """Read a file of either layout; columns of the watch are passed over.

    Raises DataError, with line and column, for a header of neither layout and for a cell that is no time, glucose,
    insulin or carbohydrates; UnitsError for glucose of another unit than the layout's.
    """
    columns = columns_of(path)
    layout = _layout_of(path, columns)
    optional = [name for name in (INSULIN, CARBS) if layout.with_insulin and name in columns]
    table = read_table(path, texts=[TIME], numbers=[layout.glucose, *optional])
    unknown = np.full(len(table.texts[TIME]), np.nan)
    numbers: Mapping[str, Floats] = {INSULIN: unknown, CARBS: unknown, **table.numbers}
    times, glucose = wall_times(table, TIME, "2023-06-01 00:01:00"), _glucose(table, layout)
    _refuse_impossible(table, INSULIN, numbers[INSULIN], np.abs(numbers[INSULIN]) > POSSIBLE_BOLUS.high, "U of insulin")
    _refuse_impossible(table, CARBS, numbers[CARBS], numbers[CARBS] < 0, "g of carbohydrates")
    return Rows(table, layout, times, glucose, numbers[INSULIN], numbers[CARBS])


def _layout_of(path: Path, columns: list[str]) -> Layout:
    if _HARMONISED.glucose in columns:
        return _HARMONISED
    if {_PUBLISHED.glucose, INSULIN} <= set(columns):
        return _PUBLISHED
    what = f"the header is of neither layout of BrisT1D; there are {listed(columns)}"
    published, harmonised = f"{TIME},{_PUBLISHED.glucose},{INSULIN}", f"{TIME},{_HARMONISED.glucose}"
    todo = f"Use the files as published ({published}) or Glucose-ML's ({harmonised})"
    raise DataError(what, todo=todo, file=path)


def _glucose(table: CsvTable, layout: Layout) -> Floats:
    as_written = table.numbers[layout.glucose]
    wrong = outside(as_written * _PER_MG_DL[layout.unit], POSSIBLE_GLUCOSE)
    _refuse_impossible(table, layout.glucose, as_written, wrong, f"a glucose in {layout.unit}")
    try:
        return in_mg_per_dl(as_written, layout.unit)
    except UnitsError as error:
        todo = f"Give {layout.unit}, as the column of this name has it"
        raise UnitsError(error.what, todo=todo, file=table.path, column=layout.glucose) from error


def _refuse_impossible(table: CsvTable, column: str, values: Floats, wrong: npt.NDArray[np.bool_], kind: str) -> None:
    if (row := first_true(wrong)) is not None:
        todo = "Correct the number, or leave the field empty if it is not known"
        raise table.fault(row, column, f"{values[row]:g} is not {kind}", todo)
