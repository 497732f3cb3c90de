"""Split files and raw events: their originals, and whether what is read of a mutated one is what stands in it.

Both are tables of which every row is read or the file is refused, so that what is read has to be, row by row, what a
plain reading of the same file finds.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import numpy as np

from benchmarks.survival.mutated.mutators import MUTATORS
from benchmarks.survival.mutated.trying import Tried, Trying
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.units import GlucoseUnit
from bloodtwin_core.records import BASAL_LIMITS, FEATURES, GLUCOSE_LIMITS, Feature, PumpRecords, Split
from bloodtwin_core.records.checks.continuity import split_findings
from bloodtwin_core.records.split_files import TIMESTAMP, read_split_file, write_split_file
from bloodtwin_core.simulation import simulate_wearer
from bloodtwin_core.sources.events.importer import pump_events

_MISSING = frozenset({"", "na", "nan", "n/a", "null", "none", "<na>", "#n/a"})
_EVENTS = {"cgmreading_1.csv": "bg", "basal_1.csv": "basal_rate", "bolus_1.csv": "bolus_dose"}
_RECORDS = 700


def split_files(folder: Path, trying: Trying, seeds: int) -> Iterator[Tried]:
    """A split file, mutated, read, and checked for continuity."""
    path = write_split_file(folder, simulate_wearer(3, 0, 3).rows(0, _RECORDS), Split.test)
    original = path.read_text()

    def read() -> list[str]:
        file = read_split_file(path)
        split_findings(file, DataSettings().max_gap_hours)
        return _against_rows(file.records, _rows(path))

    yield from trying.each("split files", MUTATORS, seeds, path, original, read)


def raw_events(folder: Path, trying: Trying, seeds: int) -> Iterator[Tried]:
    """One of the three files of a pump's events, mutated, read, and made records of."""
    pump = folder / "pump_7"
    pump.mkdir(parents=True)
    records = simulate_wearer(3, 0, 2)
    for name, column in _EVENTS.items():
        (pump / name).write_text(_event_file(records, column))
    for name, column in _EVENTS.items():
        path = pump / name

        def read(name: str = name, column: str = column) -> list[str]:
            events = pump_events(pump, GlucoseUnit.mg_dl)
            made, _ = records_from_events(events, 15.0)
            return [*_against_events(events, _rows(pump / name), column), *_of_events(made, events)]

        yield from trying.each(f"events, {name}", MUTATORS, seeds // len(_EVENTS), path, path.read_text(), read)


def _event_file(records: PumpRecords, column: str) -> str:
    feature = {"bg": Feature.bg, "basal_rate": Feature.basal_rate, "bolus_dose": Feature.bolus_dose}[column]
    values = records.feature(feature)
    told = np.isfinite(values) & ((values > 0) if column == "bolus_dose" else np.ones(len(values), bool))
    rows = zip(records.timestamps[told], values[told], strict=True)
    lines = [f"timestamp,{column},event_type", *(f"{time}Z,{value:.4g},made" for time, value in rows)]
    return "\n".join([*lines, ""])


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table by a plain reading: comments and blank lines aside, by the names in its header."""
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    kept = (line.split("#", 1)[0] for line in StringIO(text, newline=None))
    rows = [[cell.strip() for cell in row] for row in csv.reader(line for line in kept if line.strip(" \t\r\n"))]
    return [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]


def _number(cell: str) -> float:
    return np.nan if cell.lower() in _MISSING else float(cell)


def _time(cell: str) -> np.datetime64:
    moment = datetime.fromisoformat(cell).astimezone(UTC).replace(tzinfo=None) + timedelta(microseconds=500_000)
    return np.datetime64(moment.replace(microsecond=0), "s")


def _against_rows(records: PumpRecords, rows: list[dict[str, str]]) -> list[str]:
    if len(records) != len(rows):
        return [f"{len(records)} records of {len(rows)} rows"]
    faults = []
    with np.errstate(over="ignore"):
        for name in FEATURES:
            expected = np.array([_number(row[name]) for row in rows]).astype(np.float32)
            if not np.array_equal(records.feature(Feature(name)), expected, equal_nan=True):
                faults.append(f"{name} is not what the rows say")
    times = np.array([_time(row[TIMESTAMP]) for row in rows])
    return faults + ([] if (records.timestamps == times).all() else ["times are not what the rows say"])


def _against_events(events: PumpEvents, rows: list[dict[str, str]], column: str) -> list[str]:
    found = {"bg": events.glucose, "basal_rate": events.basal, "bolus_dose": events.bolus}[column]
    values = getattr(found, {"bg": "glucose", "basal_rate": "rate", "bolus_dose": "dose"}[column])
    told = [(_time(row[TIMESTAMP]), _number(row[column])) for row in rows]
    expected = {(time, value) for time, value in told if column == "basal_rate" or not np.isnan(value)}
    read = set(zip(found.times, values.tolist(), strict=True))
    nothing = {str(pair) for pair in read} ^ {str(pair) for pair in expected}
    return [f"{column}: {sorted(nothing)[:3]} of the rows or of what was read"] if nothing else []


def _of_events(records: PumpRecords, events: PumpEvents) -> list[str]:
    """What records hold that the events do not."""
    faults = []
    glucose = records.feature(Feature.bg)
    known = np.clip(events.glucose.glucose, GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high).astype(np.float32)
    if not np.isin(glucose[np.isfinite(glucose)], known).all():
        faults.append("glucose of records that no event has")
    if (given := np.nansum(records.feature(Feature.bolus_dose))) > events.bolus.dose.sum() * (1 + 1e-5) + 1e-3:
        over = np.nansum(np.maximum(events.basal.rate - BASAL_LIMITS.high, 0))
        faults += [] if over else [f"{given:g} U of bolus in records, more than was told"]
    rates = events.basal.rate[np.isfinite(events.basal.rate)]
    basal = records.feature(Feature.basal_rate)
    basal = basal[np.isfinite(basal)]
    if len(basal) and not (len(rates) and basal.max() <= rates.max() + 1e-4 and basal.min() >= -1e-6):
        faults.append("basal of records beyond what was told")
    return faults
