"""How fast the raw events of a pump-year become split files."""

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.common.child import measure
from benchmarks.common.data import SEED
from benchmarks.common.rows import Row, below
from bloodtwin_core.records import Feature, PumpRecords, Timestamps
from bloodtwin_core.records.split_files import PUMP_FOLDER
from bloodtwin_core.simulation import simulate_wearer

DAYS = 365
SECONDS_OFF_THE_GRID = 97
"""Events come at any second, not on the five minutes of the records."""


def importing(folder: Path) -> list[Row]:
    """`bloodtwin import events` in a process of its own on one core, imports included; the best of three runs."""
    readings, rates, boluses = write_events(simulate_wearer(SEED, 0, DAYS), folder / "events")
    runs = [_import(folder / "events", folder / f"splits{number}") for number in range(3)]
    name = f"importing {readings:,} readings, {rates:,} basal rows, {boluses:,} boluses, one core"
    return [
        below(name, min(seconds for seconds, _ in runs), "s", 3),
        below("importing them, peak memory of the process", max(mib for _, mib in runs), "MiB", 500),
    ]


def write_events(records: PumpRecords, folder: Path) -> tuple[int, int, int]:
    """A history in the three-file layout of raw events; returns the number of readings, basal rows and boluses."""
    pump = folder / f"{PUMP_FOLDER}{records.pump_id}"
    pump.mkdir(parents=True)
    times = records.timestamps - np.timedelta64(SECONDS_OFF_THE_GRID, "s")
    measured = records.feature(Feature.bg_missing_flag) == 0
    glucose, basal, bolus = (records.feature(name) for name in (Feature.bg, Feature.basal_rate, Feature.bolus_dose))
    _write(pump / "cgmreading_1.csv", "bg", times[measured], glucose[measured])
    _write(pump / "basal_1.csv", "basal_rate", times, basal)
    _write(pump / "bolus_1.csv", "bolus_dose", times[bolus > 0], bolus[bolus > 0])
    return int(measured.sum()), len(times), int((bolus > 0).sum())


def _write(path: Path, column: str, times: Timestamps, values: npt.NDArray[np.float32]) -> None:
    rows = (f"{at}+00:00,{value:.3f},simulated" for at, value in zip(times, values, strict=True))
    path.write_text("\n".join([f"timestamp,{column},event_type", *rows]) + "\n", encoding="utf-8")


def _import(events: Path, to: Path) -> tuple[float, float]:
    """Seconds and MiB of one import."""
    began = time.perf_counter()
    found = measure("benchmarks.sources.imported", "import", "events", str(events), "--to", str(to))
    return time.perf_counter() - began, found["resident_mib"]
