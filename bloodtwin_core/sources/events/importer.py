"""Raw events of any system, as three kinds of CSV file for each pump: `pump_{serial}/cgmreading_*.csv`,
`basal_*.csv` and `bolus_*.csv` under data.root, and a fourth, `carbs_*.csv`, if data.extra_features asks for it.

- `cgmreading_*.csv`: `timestamp,bg,event_type`, and if known `sensor`, the name of the device that read it.
- `basal_*.csv`: `timestamp,basal_rate,event_type`, U/h from then until the next row; 0 while suspended, empty where
  it is unknown from then on.
- `bolus_*.csv`: `timestamp,bolus_dose,event_type`, U, and for extended boluses `minutes`, their duration.
- `carbs_*.csv`: `timestamp,carbs_g,event_type`, g of carbohydrates as announced; 0 says that none were eaten.

Timestamps are ISO 8601 with a UTC offset, numbers have a decimal point. event_type may be any word or empty, but no
number: that would be what a decimal comma cut off. Other columns are not looked at. Rows may stand in any order and in
any number of files; a row that stands again in another file is taken once.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bloodtwin_core.common.arrays import Floats, Texts
from bloodtwin_core.common.csv_table import CsvTable, columns_of, first_true, read_table
from bloodtwin_core.common.errors import DataError, SettingsError, listed
from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.common.progress import Progress, Step, silent
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import AmountEvents, BasalEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.events.plausible import (
    EARLIEST,
    POSSIBLE_BASAL,
    POSSIBLE_BOLUS,
    POSSIBLE_GLUCOSE,
    POSSIBLE_MINUTES,
    impossible_times,
    outside,
)
from bloodtwin_core.events.units import MG_PER_DL_PER_MMOL_PER_L, GlucoseUnit, in_mg_per_dl
from bloodtwin_core.records import CARBOHYDRATES, Limits, Timestamps
from bloodtwin_core.records.features import CARBOHYDRATE_LIMITS
from bloodtwin_core.records.pump_ids import pump_id_of
from bloodtwin_core.records.split_files import PUMP_FOLDER, TIMESTAMP, natural_order, utc_timestamps
from bloodtwin_core.sources.events import EventsSettings

GLUCOSE_FILES, BASAL_FILES, BOLUS_FILES = "cgmreading_*.csv", "basal_*.csv", "bolus_*.csv"
CARBOHYDRATE_FILES, _CARBOHYDRATES = "carbs_*.csv", "carbs_g"
_GLUCOSE, _SENSOR, _BASAL, _BOLUS, _MINUTES = "bg", "sensor", "basal_rate", "bolus_dose", "minutes"
_EVENT_TYPE = "event_type"


def events(settings: DataSettings, progress: Progress = silent) -> Iterator[PumpEvents]:
    """The events of each pump under data.root, pump by pump.

    Raises SettingsError if data.root is not set, DataError, with file, line and column, for a file that cannot be
    understood, a time before 2020 or in the future, and amounts that are impossible in their unit.
    """
    folders = _pump_folders(settings)
    unit = GlucoseUnit(settings.of(EventsSettings).glucose_unit)
    for done, folder in enumerate(folders):
        progress(Step(done, len(folders), folder.name))
        events_of_pump = pump_events(folder, unit)
        yield (
            _with_carbohydrates(events_of_pump, folder) if CARBOHYDRATES in settings.extra_features else events_of_pump
        )
    progress(Step(len(folders), len(folders), ""))


def pump_events(folder: Path, unit: GlucoseUnit) -> PumpEvents:
    """The events of one pump's folder, glucose in the declared unit; raises as events does."""
    glucose = _glucose(folder, unit)
    basal = [_basal(path) for path in _files(folder, BASAL_FILES)]
    bolus = [_bolus(path) for path in _files(folder, BOLUS_FILES)]
    parts = [PumpEvents("", basal=part) for part in basal] + [PumpEvents("", bolus=part) for part in bolus]
    return PumpEvents(folder.name.removeprefix(PUMP_FOLDER), glucose).merged(*parts)


def _with_carbohydrates(pump: PumpEvents, folder: Path) -> PumpEvents:
    parts = [_carbohydrates(path) for path in _files(folder, CARBOHYDRATE_FILES)]
    return pump.merged(*(PumpEvents("", extra={CARBOHYDRATES: part}) for part in parts))


def _pump_folders(settings: DataSettings) -> list[Path]:
    if not settings.root:
        raise SettingsError("data.root is not set. Point it to the folder that holds your pump_* folders")
    root = given_path(settings.root)
    if not root.is_dir():
        raise DataError("the folder does not exist", todo="Point data.root to the folder of pump_* folders", file=root)
    there = {path.name.removeprefix(PUMP_FOLDER): path for path in root.glob(f"{PUMP_FOLDER}*") if path.is_dir()}
    if not there:
        todo = f"Put each pump's files into a folder {PUMP_FOLDER}SERIAL, and point data.root to the folder of these"
        raise DataError("the folder holds no pump_* folder", todo=todo, file=root)
    known = sorted(there, key=natural_order)
    for pump_id in settings.pump_ids:
        if pump_id not in there:
            what = f"pump {pump_id} has no data; there are {listed(known)}"
            todo = f"Correct data.pump_ids, or add the folder {PUMP_FOLDER}{pump_id}"
            raise DataError(what, todo=todo, file=root)
    wanted = dict.fromkeys(settings.pump_ids or known)
    return [there[pump_id_of(pump_id, file=there[pump_id])] for pump_id in wanted]


def _files(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if path.is_file())


def _glucose(folder: Path, unit: GlucoseUnit) -> GlucoseEvents:
    paths = _files(folder, GLUCOSE_FILES)
    if not paths:
        todo = "Add its sensor readings, or leave the pump out (data.pump_ids)"
        raise DataError(f"there is no file {GLUCOSE_FILES}", todo=todo, file=folder)
    parts = [_readings(path, unit) for path in paths]
    times, glucose, sensor = (np.concatenate(column) for column in zip(*parts, strict=True))
    return GlucoseEvents.of(times, in_mg_per_dl(glucose, unit, source=f"{folder}, {_GLUCOSE}"), sensor)


def _readings(path: Path, unit: GlucoseUnit) -> tuple[Timestamps, Floats, Texts]:
    """Times, readings in the declared unit and sensors [reading] of one file; a row without reading is none."""
    table = _table(path, _GLUCOSE, texts=(_SENSOR,))
    glucose = table.numbers[_GLUCOSE]
    scale = 1.0 if unit is GlucoseUnit.mg_dl else MG_PER_DL_PER_MMOL_PER_L
    limits = Limits(POSSIBLE_GLUCOSE.low / scale, POSSIBLE_GLUCOSE.high / scale, unit)
    _refuse(table, _GLUCOSE, limits, f"a glucose in {unit}, the unit declared (data.events.glucose_unit)")
    sensor = table.texts[_SENSOR] if _SENSOR in table.texts else np.full(len(glucose), "", dtype=np.str_)
    measured = ~np.isnan(glucose)
    return _times(table)[measured], glucose[measured], sensor[measured]


def _basal(path: Path) -> BasalEvents:
    table = _table(path, _BASAL)
    _refuse(table, _BASAL, POSSIBLE_BASAL, "a basal rate in U/h")
    return BasalEvents.of(_times(table), table.numbers[_BASAL])


def _bolus(path: Path) -> BolusEvents:
    table = _table(path, _BOLUS, numbers=(_MINUTES,))
    dose = table.numbers[_BOLUS]
    if (row := first_true(np.isnan(dose))) is not None:
        raise table.fault(row, _BOLUS, "the bolus has no dose", "Write the units delivered, or remove the row")
    _refuse(table, _BOLUS, POSSIBLE_BOLUS, "a bolus in U")
    if _MINUTES not in table.numbers:
        return BolusEvents.of(_times(table), dose)
    _refuse(table, _MINUTES, POSSIBLE_MINUTES, "the duration of an extended bolus in minutes")
    return BolusEvents.of(_times(table), dose, np.nan_to_num(table.numbers[_MINUTES]))


def _carbohydrates(path: Path) -> AmountEvents:
    table = _table(path, _CARBOHYDRATES)
    grams = table.numbers[_CARBOHYDRATES]
    if (row := first_true(np.isnan(grams))) is not None:
        todo = "Write the grams announced, or remove the row"
        raise table.fault(row, _CARBOHYDRATES, "the announcement has no amount", todo)
    _refuse(table, _CARBOHYDRATES, CARBOHYDRATE_LIMITS, "an amount of carbohydrates in g")
    return AmountEvents.of(_times(table), grams)


def _table(path: Path, amount: str, *, texts: Sequence[str] = (), numbers: Sequence[str] = ()) -> CsvTable:
    """A file's timestamps and amounts, and those of the further columns that it has."""
    there = columns_of(path)
    words = [name for name in (_EVENT_TYPE, *texts) if name in there]
    table = read_table(
        path, [TIMESTAMP, *words], [amount, *(name for name in numbers if name in there)], rows_required=False
    )
    if _EVENT_TYPE in table.texts:
        _refuse_decimal_commas(table, amount)
    return table


def _refuse_decimal_commas(table: CsvTable, amount: str) -> None:
    """A row such as `2024-03-01T00:00:00Z,5,5` would else be read as 5 of the type 5."""
    kinds = table.texts[_EVENT_TYPE]
    if (row := first_true(np.strings.isdecimal(kinds))) is not None:
        what = f"'{table.numbers[amount][row]:g},{kinds[row]}' has a decimal comma"
        raise table.fault(row, amount, what, f"Write a decimal point, and no number as {_EVENT_TYPE}")


def _times(table: CsvTable) -> Timestamps:
    times = utc_timestamps(table)
    if (row := first_true(impossible_times(times))) is not None:
        beyond = f"before {EARLIEST.astype('datetime64[D]')}" if times[row] < EARLIEST else "in the future"
        todo = "Correct the timestamp or remove the row"
        raise table.fault(row, TIMESTAMP, f"'{table.texts[TIMESTAMP][row]}' is {beyond}", todo)
    return times


def _refuse(table: CsvTable, column: str, limits: Limits, kind: str) -> None:
    values = table.numbers[column]
    if (row := first_true(outside(values, limits))) is not None:
        todo = "Correct the number and its unit, or leave the field empty if it is not known"
        raise table.fault(row, column, f"{values[row]:g} is not {kind}", todo)
