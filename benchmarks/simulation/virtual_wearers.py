"""How virtual wearers compare with real ones: figures of glucose and insulin that say whether the data are realistic.

`python -m benchmarks.simulation.virtual_wearers --azt1d FOLDER` prints the table of docs/simulator.md.
"""

import argparse
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import (
    RECORD_INTERVAL,
    RECORD_MINUTES,
    RECORDS_PER_DAY,
    TARGET_RANGE,
    Feature,
    PumpRecords,
)
from bloodtwin_core.simulation.history import simulate_wearer
from bloodtwin_core.sources.simulator import SimulatorSettings

VERY_LOW, VERY_HIGH = 54.0, 250.0
"""mg/dL: T. Battelino et al., International Consensus on Time in Range, Diabetes Care 42 (2019) 1593-1603."""
LAGS_MINUTES = (5, 15, 30, 60, 120)


@dataclass(frozen=True)
class GlucoseStatistics:
    """Figures of one pump or, averaged over pumps, of a population; shares are of measured readings."""

    mean: float  # mg/dL
    deviation: float  # mg/dL
    in_range: float
    below: float
    very_low: float
    above: float
    very_high: float
    missing: float  # share of records
    persistence: dict[int, float]  # lag in minutes -> mean absolute change, mg/dL
    change_correlation: float  # of one five-minute change with the next
    basal_per_day: float  # U
    bolus_per_day: float  # U
    boluses_per_day: float


def glucose_statistics(history: PumpRecords) -> GlucoseStatistics:
    """The figures of one history of at least a few hours."""
    glucose = history.feature(Feature.bg).astype(np.float64)
    measured = glucose[~np.isnan(glucose)]
    bolus = history.feature(Feature.bolus_dose)
    low, high = TARGET_RANGE
    days = len(history) / RECORDS_PER_DAY
    return GlucoseStatistics(
        mean=float(measured.mean()),
        deviation=float(measured.std()),
        in_range=float(((measured >= low) & (measured <= high)).mean()),
        below=float((measured < low).mean()),
        very_low=float((measured < VERY_LOW).mean()),
        above=float((measured > high).mean()),
        very_high=float((measured > VERY_HIGH).mean()),
        missing=1.0 - len(measured) / len(glucose),
        persistence={minutes: persistence_error(history, minutes) for minutes in LAGS_MINUTES},
        change_correlation=_change_correlation(history),
        basal_per_day=float(np.nanmean(history.feature(Feature.basal_rate)) * 24.0),
        bolus_per_day=float(np.nansum(bolus) / days),
        boluses_per_day=float((bolus > 0.0).sum() / days),
    )


def changes(history: PumpRecords, minutes: int) -> npt.NDArray[np.float64]:
    """Change of glucose (mg/dL) over so many minutes up to each record, [record]; NaN where a reading is missing."""
    lag = minutes // RECORD_MINUTES
    glucose = history.feature(Feature.bg).astype(np.float64)
    change = np.full(len(glucose), np.nan)
    on_time = history.timestamps[lag:] - history.timestamps[:-lag] == lag * RECORD_INTERVAL
    change[lag:] = np.where(on_time, glucose[lag:] - glucose[:-lag], np.nan)
    return change


def persistence_error(history: PumpRecords, minutes: int) -> float:
    """Mean absolute error (mg/dL) of taking a reading for the one so many minutes later."""
    return float(np.nanmean(np.abs(changes(history, minutes))))


def _change_correlation(history: PumpRecords) -> float:
    change = changes(history, RECORD_MINUTES)
    both = ~np.isnan(change[1:]) & ~np.isnan(change[:-1])
    return float(np.corrcoef(change[1:][both], change[:-1][both])[0, 1])


ROWS = (
    ("mean glucose (mg/dL)", "mean", 1.0, 1),
    ("SD of glucose (mg/dL)", "deviation", 1.0, 1),
    ("time in 70-180 mg/dL (%)", "in_range", 100.0, 1),
    ("time below 70 mg/dL (%)", "below", 100.0, 1),
    ("time below 54 mg/dL (%)", "very_low", 100.0, 2),
    ("time above 180 mg/dL (%)", "above", 100.0, 1),
    ("time above 250 mg/dL (%)", "very_high", 100.0, 1),
    ("readings missing (%)", "missing", 100.0, 1),
    ("correlation of successive 5 min changes", "change_correlation", 1.0, 2),
    ("basal insulin (U/day)", "basal_per_day", 1.0, 1),
    ("bolus insulin (U/day)", "bolus_per_day", 1.0, 1),
    ("boluses a day", "boluses_per_day", 1.0, 1),
)
"""Name, field, factor and decimals of a row of the table."""


def comparison_table(populations: dict[str, Iterable[PumpRecords]]) -> str:
    """A Markdown table, one column a population: mean over its pumps (smallest to largest)."""
    figures = {name: [glucose_statistics(history) for history in histories] for name, histories in populations.items()}
    rows = [
        [label] + [_spread([getattr(pump, field) * factor for pump in pumps], decimals) for pumps in figures.values()]
        for label, field, factor, decimals in ROWS
    ]
    for minutes in LAGS_MINUTES:
        cells = [_spread([pump.persistence[minutes] for pump in pumps], 1) for pumps in figures.values()]
        rows.append([f"persistence MAE at {minutes} min (mg/dL)", *cells])
    head = [
        "per pump: mean (smallest to largest)",
        *(f"{name} ({len(pumps)} pumps)" for name, pumps in figures.items()),
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def _spread(values: list[float], decimals: int) -> str:
    mean, low, high = np.nanmean(values), np.nanmin(values), np.nanmax(values)
    return f"{mean:.{decimals}f} ({low:.{decimals}f} to {high:.{decimals}f})"


def main() -> None:
    """Print the comparison of virtual wearers with each other and, where its folder is given, with AZT1D."""
    default = SimulatorSettings()
    parser = argparse.ArgumentParser(description="Compare virtual wearers with the people of AZT1D.")
    parser.add_argument("--azt1d", help="folder of AZT1D as published")
    parser.add_argument("--pumps", type=int, default=40, help="virtual wearers beside the default ones")
    parser.add_argument("--days", type=int, default=default.days)
    parser.add_argument("--seed", type=int, default=default.seed)
    asked = parser.parse_args()
    populations: dict[str, Iterable[PumpRecords]] = {}
    if asked.azt1d:
        from bloodtwin_core.sources.azt1d import importer

        people = importer.histories(DataSettings(source="azt1d", root=asked.azt1d))
        populations["AZT1D"] = (person.records for person in people)
    wearers = [simulate_wearer(asked.seed, wearer, asked.days) for wearer in range(max(asked.pumps, default.pumps))]
    populations["simulator"] = wearers
    populations["simulator, default"] = wearers[: default.pumps]
    print(comparison_table(populations))  # noqa: T201


if __name__ == "__main__":
    main()
