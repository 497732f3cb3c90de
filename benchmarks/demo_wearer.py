"""Write the recorded wearer of `bloodtwin serve --demo` again: python -m benchmarks.demo_wearer."""

import numpy as np

from bloodtwin_core.records import CARBOHYDRATES, RECORDS_PER_DAY, Feature, PumpRecords
from bloodtwin_core.service.demo.recording import DAYS, FILE, SEED, WEARER, Recording, packed
from bloodtwin_core.simulation import simulate_wearer

SEARCHED_DAYS = 60
SEAM_RECORDS = 3
"""Readings on each side of the seam, which should lead on from each other."""


def made() -> bytes:
    """The content of the file."""
    records = simulate_wearer(SEED, WEARER, SEARCHED_DAYS)
    first = _first_day(records)
    kept = records.rows(first * RECORDS_PER_DAY, (first + DAYS) * RECORDS_PER_DAY)
    signals = (Feature.bg, Feature.basal_rate, Feature.bolus_dose, CARBOHYDRATES)
    return packed(Recording(*(kept.feature(name).astype(np.float64) for name in signals)))


def _first_day(records: PumpRecords) -> int:
    """The day from which DAYS days end on nearly the glucose and the slope that they began with."""
    glucose = records.feature(Feature.bg).astype(np.float64)
    best = {}
    for day in range(1, SEARCHED_DAYS - DAYS):
        start, stop = day * RECORDS_PER_DAY, (day + DAYS) * RECORDS_PER_DAY
        before, after = glucose[start - SEAM_RECORDS : start + SEAM_RECORDS], glucose[stop - SEAM_RECORDS : stop]
        mismatch = float(np.abs(before[:SEAM_RECORDS] - after).max())
        if np.isfinite(mismatch):
            best[day] = mismatch
    return min(best, key=best.__getitem__)


if __name__ == "__main__":
    FILE.write_bytes(made())
