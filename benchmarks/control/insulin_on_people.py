"""What insulin is followed by on people: `python -m benchmarks.control.insulin_on_people AZT1D`.

Two kinds of change that no meal explains: automatic correction boluses with no other bolus and no announced meal in the
two hours before, and hours of the night in which the pump gave less than a quarter of the usual basal. What glucose did
after each is compared with moments of the same person without it that looked alike: glucose within 15 mg/dL, its change
over 15 minutes within 8, the time of day within three hours. What came later, corrections too, is not looked at.

Nobody drew lots: a pump gives a correction because it expects a high, and stops because it expects a low, and knows
more than glucose and its change. So a difference is what insulin did *and* why it was given. docs/insulin.md says what
may be read from it.

Intervals (95 %) resample people. AZT1D's basal is known by the clock hour alone.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.csv_table import read_table
from bloodtwin_core.insulin.action import RAPID
from bloodtwin_core.insulin.sensitivity import Sensitivity
from bloodtwin_core.records import (
    CARBOHYDRATES,
    RECORD_INTERVAL,
    RECORD_MINUTES,
    RECORDS_PER_HOUR,
    Feature,
    PumpRecords,
)
from bloodtwin_core.sources.azt1d.files import person_files
from bloodtwin_core.sources.azt1d.importer import histories
from bloodtwin_core.sources.settings import data_settings

AUTOMATIC = "Automatic Bolus/Correction"
QUIET_RECORDS = 2 * RECORDS_PER_HOUR
SAME_GLUCOSE, SAME_CHANGE, SAME_HOURS = 15.0, 8.0, 3.0
FEWEST_MATCHES = 3
NIGHT = range(6)
"""Clock hours."""
STOPPED_BELOW, RUNNING_ABOVE = 0.25, 0.7
"""The most of the night's median rate that an hour without basal has, and the least that one with it has."""
AT = (60, 120)
RESAMPLES = 2000
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Person:
    """One person on a complete five-minute grid, [record] each: NaN where unknown; hour is local, with its fraction.

    glucose mg/dL. bolus U, automatic the part of it in records with an automatic correction alone. meal: whether one
    was announced. hourly: U/h that the pump gave in the clock hour of the record. guessed: mg/dL per U by the rule.
    """

    name: str
    glucose: Floats
    bolus: Floats
    automatic: Floats
    meal: Mask
    hourly: Floats
    hour: Floats
    guessed: float

    def change(self, rows: Rows, minutes: int) -> Floats:
        """Of glucose from the rows to so many minutes later (before, if negative), mg/dL [row]."""
        other = rows + minutes // RECORD_MINUTES
        inside = (other >= 0) & (other < len(self.glucose))
        changed = self.glucose[np.where(inside, other, rows)] - self.glucose[rows]
        return np.where(inside, changed if minutes > 0 else -changed, np.nan)

    def quiet(self, ahead: int) -> Mask:
        """Where no bolus and no meal was in the two hours before, and no meal until so many minutes later."""
        given = (self.bolus > 0) | self.meal
        before = np.convolve(given, np.ones(QUIET_RECORDS + 1))[: len(given)] - given
        following = np.convolve(self.meal[::-1], np.ones(ahead // RECORD_MINUTES + 1))[: len(given)][::-1]
        return (before == 0) & (following == 0)


@dataclass(frozen=True)
class Compared:
    """Of one person: how many moments, U given (or, negative, withheld) in all, the differences in all (mg/dL), and
    what the curve says in all."""

    moments: int
    units: float
    difference: float
    expected: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("azt1d", type=Path)
    people = list(read_people(parser.parse_args().azt1d))
    kinds: dict[str, Callable[[Person, int], Compared]] = {
        "automatic correction": corrections,
        "an hour of the night with hardly any basal": suspensions,
    }
    lines = [
        "| what | people | moments | U each | min | followed by, mg/dL | for each U more | curve and rule of 1700 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, of in kinds.items():
        for minutes in AT:
            found = [each for person in people if (each := of(person, minutes)).moments]
            lines.append(f"| {name} | {row_of(found, minutes)} |")
    sys.stdout.write("\n".join(lines) + "\n")


def read_people(folder: Path) -> Iterator[Person]:
    """Everybody in the folder of AZT1D."""
    settings = data_settings(source="azt1d", root=str(folder), extra_features=[CARBOHYDRATES])
    files = person_files(settings)
    for history in histories(settings):
        yield person_of(history.records, files[history.pump_id])


def person_of(records: PumpRecords, file: Path) -> Person:
    """A person's records on a complete grid, with which boluses were automatic."""
    first = records.timestamps[0]
    place = ((records.timestamps - first) // RECORD_INTERVAL).astype(np.int64)
    count = int(place[-1]) + 1
    full = np.full((count, len(records.features)), np.nan)
    full[place] = records.values
    bolus = np.nan_to_num(full[:, Feature.bolus_dose.column])
    # The records place an hour's mean on the hour after, since nobody could know it before.
    hourly = np.full(count, np.nan)
    hourly[:-RECORDS_PER_HOUR] = full[RECORDS_PER_HOUR:, Feature.basal_rate.column]
    times = first + RECORD_INTERVAL * np.arange(count)
    minutes = (times - times.astype("datetime64[D]")) / np.timedelta64(1, "m")
    return Person(
        records.pump_id,
        full[:, Feature.bg.column],
        bolus,
        np.where(_automatic(file, first, count), bolus, 0.0),
        np.nan_to_num(full[:, records.features.index(CARBOHYDRATES)]) > 0,
        hourly,
        minutes / 60.0,
        Sensitivity.guessed(records).per_unit,
    )


def _automatic(file: Path, first: np.datetime64, count: int) -> Mask:
    """Records with automatic corrections and no bolus of another kind, [record]."""
    table = read_table(file, texts=["EventDateTime", "BolusType"], numbers=[])
    kinds = table.texts["BolusType"]
    automatic, other = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    for time, kind in zip(table.texts["EventDateTime"], kinds, strict=True):
        row = int((np.datetime64(time) - first) // RECORD_INTERVAL) if kind else -1
        if 0 <= row < count:
            (automatic if kind == AUTOMATIC else other)[row] = True
    return automatic & ~other


def corrections(person: Person, minutes: int) -> Compared:
    """After automatic corrections, beside quiet moments without a bolus."""
    quiet = person.quiet(minutes)
    rows = np.flatnonzero(quiet & (person.automatic > 0))
    return compared(person, rows, np.flatnonzero(quiet & (person.bolus == 0)), minutes, person.automatic[rows], 0.0)


def suspensions(person: Person, minutes: int) -> Compared:
    """From the beginning of night hours with little basal, beside those with the usual."""
    night = np.isin(np.floor(person.hour), NIGHT) & np.isfinite(person.hourly)
    running = person.hourly[night & (person.hourly > 0)]
    usual = float(np.median(running)) if len(running) else 0.0
    begins = (person.hour % 1.0 < RECORD_MINUTES / 60.0 - 1e-9) & night & person.quiet(minutes) & (person.bolus == 0)
    rows = np.flatnonzero(begins & (person.hourly <= STOPPED_BELOW * usual))
    others = np.flatnonzero(begins & (person.hourly >= RUNNING_ABOVE * usual))
    return compared(person, rows, others, minutes, person.hourly[rows] - usual, 60.0)


def compared(person: Person, rows: Rows, others: Rows, minutes: int, units: Floats, over: float) -> Compared:
    """What followed at the rows less what followed at others that looked alike; units [row] given over so many
    minutes."""
    ahead, theirs = person.change(rows, minutes), person.change(others, minutes)
    level, before = person.glucose[others], person.change(others, -15)
    total, difference, count = 0.0, 0.0, 0
    for place, row in enumerate(rows):
        hours = np.abs((person.hour[others] - person.hour[row] + 12.0) % 24.0 - 12.0)
        alike = (
            (np.abs(level - person.glucose[row]) <= SAME_GLUCOSE)
            & (np.abs(before - person.change(rows[place : place + 1], -15)) <= SAME_CHANGE)
            & (hours <= SAME_HOURS)
            & np.isfinite(theirs)
        )
        if alike.sum() >= FEWEST_MATCHES and np.isfinite(ahead[place]):
            difference += ahead[place] - theirs[alike].mean()
            total, count = total + units[place], count + 1
    given = np.arange(0.0, over, RECORD_MINUTES) if over else np.zeros(1)
    acted = float(RAPID.acted(np.maximum(minutes - given, 0.0)).mean())
    return Compared(count, float(total), float(difference), -person.guessed * acted * float(total))


def row_of(found: list[Compared], minutes: int) -> str:
    """The cells of one kind of change at one time."""
    moments = sum(each.moments for each in found)
    if not moments:
        return f"0 | 0 | | {minutes} | | | "
    parts = np.array([[each.moments, each.units, each.difference, each.expected] for each in found])
    drawn = np.random.default_rng(0).integers(len(parts), size=(RESAMPLES, len(parts)))
    sums, resampled = parts.sum(axis=0), parts[drawn].sum(axis=1)
    mean = _interval(sums[2] / sums[0], resampled[:, 2] / resampled[:, 0])
    per_unit = _interval(sums[2] / sums[1], resampled[:, 2] / resampled[:, 1])
    return (
        f"{len(found)} | {moments} | {sums[1] / sums[0]:+.2f} | {minutes} | {mean} | {per_unit} | "
        f"{sums[3] / sums[1]:+.1f}"
    )


def _interval(value: float, drawn: Floats) -> str:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})"


if __name__ == "__main__":
    main()
