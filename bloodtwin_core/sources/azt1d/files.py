"""Files of the AZT1D data set: where they lie and what their rows say; see importer.py."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.csv_table import CsvTable, columns_of, first_true, read_table
from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.plausible import outside
from bloodtwin_core.records import BASAL_LIMITS, Timestamps
from bloodtwin_core.records.features import CARBOHYDRATE_LIMITS
from bloodtwin_core.sources.published import data_set_folder, wall_times, wanted_people

_TIME = "EventDateTime"
BASAL = "Basal"
_BOLUS = "TotalBolusInsulinDelivered"
GLUCOSE = "CGM"
_CARBOHYDRATES = "CarbSize"
_GLUCOSE_NAMES = (GLUCOSE, "Readings (CGM / BGM)")
"""Person 14's file has the second name."""

_IMPOSSIBLE_GLUCOSE = 1000.0
"""mg/dL. No sensor or meter shows more; above it the number is no glucose in mg/dL."""
MILLIUNITS = 1000.0
"""In a unit."""


@dataclass(frozen=True)
class FileRows:
    """The rows of a person's file, in its order, NaN where empty: times local datetime64[s], each [row].

    basal U/h, some in mU/h. bolus U. glucose mg/dL. carbohydrates g, as told to the pump with the bolus.
    """

    times: Timestamps
    basal: Floats
    bolus: Floats
    glucose: Floats
    carbohydrates: Floats


def read_rows(path: Path, with_carbohydrates: bool = False) -> FileRows:
    """The rows of a file. Raises DataError, with line and column, for what is no time or cannot be.

    Without with_carbohydrates, and in a file that has no such column, nothing is known of carbohydrates.
    """
    carbohydrates = [_CARBOHYDRATES] if with_carbohydrates and _CARBOHYDRATES in columns_of(path) else []
    table = read_table(path, texts=[_TIME], numbers=[BASAL, _BOLUS, _GLUCOSE_NAMES, *carbohydrates])
    times = wall_times(table, _TIME, "2023-12-08 00:04:00")
    _refuse_impossible(table)
    unknown = np.full(len(times), np.nan)
    return FileRows(
        times,
        table.numbers[BASAL],
        table.numbers[_BOLUS],
        table.numbers[GLUCOSE],
        table.numbers.get(_CARBOHYDRATES, unknown),
    )


def person_files(settings: DataSettings) -> dict[str, Path]:
    """Each wanted person's file, by person number in ascending order.

    Raises SettingsError if data.root is not set, DataError if it or a person is not there.
    """
    root = data_set_folder(settings, "AZT1D", "'CGM Records'")
    folder = root / "CGM Records" if (root / "CGM Records").is_dir() else root
    folders = {match[1]: path for path in folder.iterdir() if (match := re.fullmatch(r"Subject (\d+)", path.name))}
    if not folders:
        todo = "Point data.root to the AZT1D folder, the one that holds 'CGM Records'"
        raise DataError("the folder holds no 'Subject N' folders", todo=todo, file=folder)
    wanted = wanted_people(folders, settings, folder, lacking="no data")
    return {person: path / f"{path.name}.csv" for person, path in wanted.items()}


def _refuse_impossible(table: CsvTable) -> None:
    glucose, basal, bolus = table.numbers[GLUCOSE], table.numbers[BASAL], table.numbers[_BOLUS]
    impossible = {
        GLUCOSE: ((glucose <= 0) | (glucose > _IMPOSSIBLE_GLUCOSE), "a glucose in mg/dL"),
        BASAL: ((basal < 0) | (basal > BASAL_LIMITS.high * MILLIUNITS), "a basal rate in U/h or mU/h"),
        _BOLUS: (bolus < 0, "a bolus in U"),
    }
    if _CARBOHYDRATES in table.numbers:
        grams = table.numbers[_CARBOHYDRATES]
        impossible[_CARBOHYDRATES] = (outside(grams, CARBOHYDRATE_LIMITS), "an amount of carbohydrates in g")
    todo = "Correct the number, or leave the field empty if it was not measured"
    for column, (rows, kind) in impossible.items():
        if (row := first_true(rows)) is not None:
            raise table.fault(row, column, f"{table.numbers[column][row]:g} is not {kind}", todo)
