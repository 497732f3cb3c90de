"""Inputs beyond the eight features: carbohydrates, what is on board of them and of insulin, and who the person is.

Each takes windows and the folder of AZT1D and gives inputs of about unit size, float32 [record, input].
"""

from pathlib import Path

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.csv_table import read_table
from bloodtwin_core.insulin.hovorka import Physiology
from bloodtwin_core.records import RECORD_INTERVAL, RECORD_MINUTES, RECORDS_PER_HOUR, Feature, Split, Values
from bloodtwin_core.windows import WindowedSeries

INSULIN_MINUTES, INSULIN_PEAK_MINUTES = 360.0, 75.0
"""Duration and peak of action of a rapid-acting analogue for adults, the defaults of the Loop app's insulin model."""
CARBOHYDRATE_MINUTES = 360.0
"""After so long nothing of a meal is counted any more."""


def insulin_on_board(windows: WindowedSeries, _azt1d: Path) -> Values:
    """Insulin that has not acted yet (U) and what acts now (U/h); an unknown dose counts as none.

    The exponential insulin model of D. Maksimovic, published with the Loop app's source (LoopKit/Loop, issue 388).
    """
    doses = np.nan_to_num(windows.series[:, Feature.bolus_dose.column].astype(np.float64))
    doses += np.nan_to_num(windows.series[:, Feature.basal_rate.column]) / RECORDS_PER_HOUR
    left = insulin_left(np.arange(0.0, INSULIN_MINUTES + RECORD_MINUTES, RECORD_MINUTES))
    return _scaled(_on_board(doses, left, windows), windows)


def insulin_left(minutes: Floats) -> Floats:
    """Share of a dose that has not acted so many minutes later, same shape."""
    end, peak = INSULIN_MINUTES, INSULIN_PEAK_MINUTES
    time = peak * (1 - peak / end) / (1 - 2 * peak / end)
    rise = 2 * time / end
    scale = 1 / (1 - rise + (1 + rise) * np.exp(-end / time))
    curve = (minutes**2 / (time * end * (1 - rise)) - minutes / time - 1) * np.exp(-minutes / time) + 1
    return np.where(minutes < end, 1 - scale * (1 - rise) * curve, 0.0)


def carbohydrates(windows: WindowedSeries, azt1d: Path) -> Values:
    """Carbohydrates entered in each record (g)."""
    return _scaled(_entered(windows, azt1d)[:, None], windows)


def carbohydrates_on_board(windows: WindowedSeries, azt1d: Path) -> Values:
    """Carbohydrates entered (g), those not yet absorbed (g), and those absorbed now (g/h).

    The two-compartment chain of Hovorka et al., Physiol. Meas. 25 (2004) 905, with the paper's time of absorption.
    """
    eaten = _entered(windows, azt1d)
    times = np.arange(0.0, CARBOHYDRATE_MINUTES, RECORD_MINUTES) / Physiology().carbohydrate_time
    on_board = _on_board(eaten, (1 + times) * np.exp(-times), windows)
    return _scaled(np.column_stack([eaten, on_board]), windows)


def everything_on_board(windows: WindowedSeries, azt1d: Path) -> Values:
    """Insulin and carbohydrates on board."""
    return np.concatenate([insulin_on_board(windows, azt1d), carbohydrates_on_board(windows, azt1d)], axis=1)


def person(windows: WindowedSeries, _azt1d: Path) -> Values:
    """One input a person, 1 where it is theirs: the layer that reads it learns an embedding of each."""
    pumps = windows.pump_of(np.arange(len(windows.series)))
    theirs: Values = (pumps[:, None] == np.unique(pumps)).astype(np.float32)
    return theirs


def _entered(windows: WindowedSeries, azt1d: Path) -> Floats:
    """Carbohydrates that people told their pumps, g [record]; 0 where nothing was told."""
    grams = np.zeros(len(windows.series))
    for segment in windows.segments:
        (path,) = azt1d.rglob(f"Subject {segment.pump_id}.csv")
        table = read_table(path, texts=["EventDateTime"], numbers=["CarbSize"])
        told = table.numbers["CarbSize"] > 0
        meals = zip(table.texts["EventDateTime"][told], table.numbers["CarbSize"][told], strict=True)
        # Rows of one meal stand repeatedly.
        for time, amount in dict.fromkeys(meals):
            place = (np.datetime64(time) - windows.timestamps[segment.start]) // RECORD_INTERVAL
            if 0 <= place < segment.stop - segment.start:
                grams[segment.start + place] += amount
    return grams


def _on_board(amounts: Floats, left: Floats, windows: WindowedSeries) -> Floats:
    """What is left of all amounts up to each record and what of it is used up an hour now, [record, 2]."""
    found = np.zeros((len(amounts), 2))
    used = -np.diff(left, append=0.0) * RECORDS_PER_HOUR
    for segment in windows.segments:
        own = amounts[segment.start : segment.stop]
        for column, kernel in enumerate((left, used)):
            found[segment.start : segment.stop, column] = np.convolve(own, kernel)[: len(own)]
    return found


def _scaled(inputs: Floats, windows: WindowedSeries) -> Values:
    """Each input divided by its standard deviation in the train split, so that nothing stays nothing."""
    learnt = np.concatenate([inputs[segment.start : segment.stop] for segment in windows.segments_of(Split.train)])
    scaled: Values = (inputs / np.maximum(learnt.std(axis=0), 1e-9)).astype(np.float32)
    return scaled
