"""Files of the T1D-UOM data set: where they lie and what their rows say, in local time; see t1d_uom.py."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.csv_table import CsvTable, first_true, read_table
from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.published import data_set_folder, wanted_people

PUMP, INJECTION = "R", "L"
"""Kinds of basal insulin: rapid-acting, from a pump, and long-acting, injected."""
_GLUCOSE_FOLDER = "Glucose Data"
_FOLDERS = {"Glucose": _GLUCOSE_FOLDER, "Basal": "Insulin Data/Basal Data", "Bolus": "Insulin Data/Bolus Data"}
_TIME_FORMATS = ("%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S")


@dataclass(frozen=True)
class FileRows:
    """The rows of a file that have a time and a number.

    times: [row], local datetime64[s]. values: [row]. kinds: [row], PUMP, INJECTION or "". places: [row], where they
    stand in the table. blank: how many rows have a time but no number.
    """

    table: CsvTable
    times: Timestamps
    values: Floats
    kinds: npt.NDArray[np.str_]
    places: npt.NDArray[np.intp]
    blank: int

    def fault(self, row: int, column: str, what: str, todo: str) -> DataError:
        """An error about one row (0-based) and column, with its line."""
        return self.table.fault(int(self.places[row]), column, f"{self.values[row]:g} {what}", todo)


def read_rows(path: Path, time: str, value: str, kind: str = "") -> FileRows:
    """The rows of a file. Raises DataError, with line and column, for what is no date, no R or L, or below 0."""
    table = read_table(path, texts=[time, kind] if kind else [time], numbers=[value], rows_required=False)
    texts = pd.Series(table.texts[time])
    values = table.numbers[value]
    full = (texts != "").to_numpy() & ~np.isnan(values)
    undated = (texts == "").to_numpy() & ~np.isnan(values)
    if (row := first_true(undated)) is not None:
        raise table.fault(row, time, "the row has no timestamp", "Add the timestamp, or remove the row")
    times = np.full(len(texts), np.datetime64("NaT", "s"))
    for fmt in _TIME_FORMATS:
        left = np.isnat(times) & (texts != "").to_numpy()
        if left.any():
            times[left] = pd.to_datetime(texts[left], format=fmt, errors="coerce").to_numpy().astype("datetime64[s]")
    if (row := first_true(np.isnat(times) & (texts != "").to_numpy())) is not None:
        what = f"'{texts[row]}' is not a date and time, day first"
        raise table.fault(row, time, what, "Write it as published, 31/12/2023 10:00")
    if (row := first_true(values < 0)) is not None:
        raise table.fault(row, value, f"{values[row]:g} cannot be negative", "Correct the number, or remove the row")
    kinds = np.full(len(texts), "", dtype=np.str_)
    if kind:
        kinds = np.strings.upper(table.texts[kind])
        if (row := first_true(full & ~np.isin(kinds, [PUMP, INJECTION]))) is not None:
            what = f"'{table.texts[kind][row]}' is neither R (pump) nor L (long-acting)"
            raise table.fault(row, kind, what, "Correct the kind, or remove the row")
    blank = int(((texts != "").to_numpy() & np.isnan(values)).sum())
    return FileRows(table, times[full], values[full], kinds[full], np.flatnonzero(full), blank)


def data_folder(settings: DataSettings) -> Path:
    """The folder that holds 'Glucose Data': data.root itself, or one that unpacking made inside of it."""
    root = data_set_folder(settings, "T1D-UOM", f"'{_GLUCOSE_FOLDER}'")
    for folder in (root, *sorted(root.glob("*/")), *sorted(root.glob("*/*/"))):
        if (folder / _GLUCOSE_FOLDER).is_dir():
            return folder
    todo = "Point data.root to the T1D-UOM folder, as unpacked"
    raise DataError("the folder holds no 'Glucose Data'", todo=todo, file=root)


def people(folder: Path, settings: DataSettings) -> list[str]:
    """The numbers of those with a glucose file, of data.pump_ids if it names any; DataError if one has none."""
    glucose = folder / _GLUCOSE_FOLDER
    files = {
        match[1]: path for path in glucose.iterdir() if (match := re.fullmatch(r"UoMGlucose(\d+)\.csv", path.name))
    }
    if not files:
        todo = "Point data.root to the T1D-UOM folder, as unpacked"
        raise DataError("the folder holds no UoMGlucose files", todo=todo, file=glucose)
    return list(wanted_people(files, settings, glucose, lacking="no glucose file"))


def file_of(folder: Path, kind: str, person: str) -> Path | None:
    """The person's file of Glucose, Basal or Bolus; None if there is none."""
    path = folder / _FOLDERS[kind] / f"UoM{kind}{person}.csv"
    return path if path.is_file() else None
