"""What importers of published data sets share: the folder, the people wanted of it, and how times are written."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from bloodtwin_core.common.csv_table import CsvTable, first_true
from bloodtwin_core.common.errors import DataError, SettingsError, listed
from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import Timestamps
from bloodtwin_core.records.split_files import natural_order

_TIME_FORMAT = "%Y-%m-%d %H:%M:%S"


def data_set_folder(settings: DataSettings, data_set: str, landmark: str) -> Path:
    """data.root, the folder of a data set, in which landmark lies.

    Raises SettingsError if it is not set, DataError if it is not there.
    """
    if not settings.root:
        raise SettingsError(f"data.root is not set. Point it to the {data_set} folder, the one that holds {landmark}")
    root = given_path(settings.root)
    if not root.is_dir():
        raise DataError("the folder does not exist", todo=f"Point data.root to the {data_set} folder", file=root)
    return root


def wanted_people(paths: Mapping[str, Path], settings: DataSettings, folder: Path, *, lacking: str) -> dict[str, Path]:
    """The files found in a folder of the people that data.pump_ids names, or of everybody, person 2 before person 10.

    Raises DataError if a person named there is not among them; lacking says what they do not have, "no file".
    """
    people = sorted(paths, key=natural_order)
    for person in settings.pump_ids:
        if person not in paths:
            what = f"person {person} has {lacking}; there are {listed(people)}"
            raise DataError(what, todo="Correct data.pump_ids", file=folder)
    return {person: paths[person] for person in people if not settings.pump_ids or person in settings.pump_ids}


def wall_times(table: CsvTable, column: str, example: str) -> Timestamps:
    """A column of local wall times written YYYY-MM-DD HH:MM:SS, [row]. Raises DataError, naming an example, if not."""
    text = table.texts[column]
    parsed = pd.to_datetime(pd.Series(text), format=_TIME_FORMAT, errors="coerce")
    if (row := first_true(parsed.isna().to_numpy())) is not None:
        raise table.fault(row, column, f"'{text[row]}' is not a timestamp", f"Write it as published, {example}")
    times: Timestamps = parsed.to_numpy().astype("datetime64[s]")
    return times
