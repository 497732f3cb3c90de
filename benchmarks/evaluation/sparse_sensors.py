"""`python -m benchmarks.evaluation.sparse_sensors ARTIFACTS`: forecasts from a sensor with a reading every 15 minutes.

ARTIFACTS is the folder of a run whose windows are of five-minute sensors, such as AZT1D's. Of the complete test windows
every --every'th is forecast by the base model three times: from all readings, from every third one as gaps are filled
(the last reading carried on), and from every third one with straight lines between them, as `bloodtwin forecast` does.
With --brist1d FOLDER (the published files with insulin) the last fifth of the people whose sensors give a reading every
15 minutes is forecast as well, glucose alone. Errors are AT 30 and 60 minutes, beside persistence on the same windows.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.upstream import stored_windows
from bloodtwin_core.pretrained import base_forecaster
from bloodtwin_core.records import RECORD_INTERVAL, WALL_TIME, Feature, PumpRecords, Split, records_from_signals
from bloodtwin_core.records.between_readings import lines_between_readings
from bloodtwin_core.records.glucose_units import MG_PER_DL_PER_MMOL_PER_L
from bloodtwin_core.serving import Forecast, Forecaster
from bloodtwin_core.windows import WindowedSeries

SLOW_SENSORS = ("P01", "P05", "P06", "P13")
"""People of BrisT1D with a reading every 15 minutes throughout; P21 changed the sensor."""
STEPS = (5, 11)
THIRD = 3
LONGEST = 400
"""Windows of a person of BrisT1D."""
BATCH = 256
_LOOKBACK = 288


@dataclass(frozen=True)
class Case:
    """One forecast: the records up to its origin, the last reading, and what came 30 and 60 minutes later (mg/dL)."""

    records: PumpRecords
    last: float
    came: tuple[float, float]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each way to take the readings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifacts", type=Path)
    parser.add_argument("--every", type=int, default=6, help="of the complete test windows")
    parser.add_argument("--brist1d", type=Path, help="folder of P01.csv ... as published")
    given = parser.parse_args(arguments)
    forecaster, (windows, _) = base_forecaster(), stored_windows(ArtifactStore(given.artifacts))
    cases = list(of_windows(windows, given.every))
    tell("all readings", forecaster, cases)
    slow = [replace(case, records=thinned(case.records)) for case in cases]
    tell("every third, the last carried on", forecaster, slow)
    tell("every third, lines between", forecaster, with_lines(slow))
    for person in SLOW_SENSORS if given.brist1d else ():
        cases = list(of_person(given.brist1d / f"{person}.csv"))
        tell(f"{person}, the last carried on", forecaster, cases)
        tell(f"{person}, lines between", forecaster, with_lines(cases))


def of_windows(windows: WindowedSeries, every: int) -> Iterator[Case]:
    """Complete test windows."""
    origins = windows.origins[Split.test]
    for row in origins.rows[origins.complete][::every]:
        of_window = slice(row - _LOOKBACK + 1, row + 1)
        values = np.array(windows.series[of_window])
        pump = str(windows.pump_of(np.array([row]))[0])
        records = PumpRecords(pump, windows.timestamps[of_window], values, windows.features)
        target = windows.targets(np.array([row]))[0][0]
        yield Case(replace(records, wearer_zone=WALL_TIME), float(values[-1, 0]), (target[STEPS[0]], target[STEPS[1]]))


def thinned(records: PumpRecords) -> PumpRecords:
    """Every third reading, the last one among them, and the first, before which nothing would be known."""
    gone = np.arange(len(records))[::-1] % THIRD != 0
    gone[0] = False
    values = records.values.copy()
    values[gone, Feature.bg.column] = np.nan
    values[gone, Feature.bg_clip_flag.column] = 0.0
    values[gone, Feature.bg_missing_flag.column] = 1.0
    values[:, Feature.delta_bg.column] = np.nan
    return replace(records, values=values)


def with_lines(cases: Sequence[Case]) -> list[Case]:
    """The cases as `bloodtwin forecast` takes them."""
    return [replace(case, records=lines_between_readings(case.records)) for case in cases]


def of_person(path: Path) -> Iterator[Case]:
    """Windows of the last fifth, chosen by chance, whose readings in 30 and 60 minutes came within 2.5 minutes."""
    rows = pd.read_csv(path, usecols=["timestamp", "bg"]).dropna()
    times = pd.to_datetime(rows["timestamp"]).to_numpy().astype("datetime64[s]").astype(np.int64)
    times, order = np.unique(times, return_index=True)
    glucose = rows["bg"].to_numpy()[order] * MG_PER_DL_PER_MMOL_PER_L
    begin, found = int(0.8 * len(times)), 0
    for place in begin + np.random.default_rng(0).permutation(len(times) - begin):
        came = [_reading_at(times, glucose, times[place] + seconds) for seconds in (1800, 3600)]
        records = _on_grid(times, glucose, int(place))
        measured = np.isfinite(records.feature(Feature.bg))
        if None in came or measured.sum() < 0.9 * _LOOKBACK / THIRD or not measured[: THIRD + 1].any():
            continue
        yield Case(records, float(glucose[place]), (float(came[0] or 0), float(came[1] or 0)))
        if (found := found + 1) == LONGEST:
            return


def _reading_at(times: npt.NDArray[np.int64], glucose: npt.NDArray[np.float64], moment: int) -> float | None:
    place = int(np.searchsorted(times, moment - 150))
    return float(glucose[place]) if place < len(times) and times[place] <= moment + 150 else None


def _on_grid(times: npt.NDArray[np.int64], glucose: npt.NDArray[np.float64], last: int) -> PumpRecords:
    """The day up to a reading, and as much before it as lies between two, on the grid that ends with it."""
    records = _LOOKBACK + THIRD
    grid = times[last].astype("datetime64[s]") - RECORD_INTERVAL * np.arange(records)[::-1]
    places = np.rint((times[: last + 1] - grid[0].astype(np.int64)) / 300).astype(np.int64)
    readings = np.full(records, np.nan)
    readings[places[places >= 0]] = glucose[: last + 1][places >= 0]
    unknown = np.full(records, np.nan)
    return replace(records_from_signals("wearer", grid, readings, unknown, unknown), wearer_zone=WALL_TIME)


def tell(name: str, forecaster: Forecaster, cases: Sequence[Case]) -> None:
    """Print errors AT 30 and 60 minutes beside persistence's, and what the 80 % band held."""
    # Whatever is measured is taken: that it is too little for the base model's rules is what is asked here.
    lax = replace(forecaster, facts=forecaster.facts.model_copy(update={"min_measured_share": 0.0}))
    made: list[Forecast] = []
    for begin in range(0, len(cases), BATCH):
        for answer in lax.forecast_many([case.records for case in cases[begin : begin + BATCH]]):
            if not isinstance(answer, Forecast):
                raise answer
            made.append(answer)
    came = np.array([case.came for case in cases])
    error = np.abs(np.array([each.glucose[list(STEPS)] for each in made]) - came).mean(axis=0)
    still = np.abs(np.array([case.last for case in cases])[:, None] - came).mean(axis=0)
    low, high = (np.array([each.band(0.80)[end][STEPS[1]] for each in made]) for end in (0, 1))
    held = ((low <= came[:, 1]) & (came[:, 1] <= high)).mean()
    sys.stdout.write(
        f"{name:36s} {len(cases):5d} windows  AT 30 {error[0]:6.2f} ({error[0] / still[0]:.3f})  "
        f"AT 60 {error[1]:6.2f} ({error[1] / still[1]:.3f})  persistence {still[0]:.2f} {still[1]:.2f}  "
        f"80 % band holds {held:.1%}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
