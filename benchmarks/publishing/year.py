"""A year of weekly retraining of two virtual wearers: `python -m benchmarks.publishing.year [--weeks 52]`.

In the year a sensor dies, a week brings no data, a pump is replaced, and the glucose of a week is shifted by 60 mg/dL,
which nobody looks at. Prints a line a week, and at the end whether anything that learnt from or was chosen on the
poisoned week was published, and whether what was published ever erred more than the first version, beyond chance.
"""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.publishing.outcome import outcome_of
from benchmarks.publishing.troubles import Troubles, histories
from benchmarks.publishing.weekly import Weekly
from bloodtwin_core.pipeline.run_config import read_run_config

CONFIG = Path("configs/year.yaml")
BEFORE = 12
"""Weeks of records before the first run."""
TROUBLES = Troubles(dead_sensor=BEFORE + 6, no_data=BEFORE + 12, new_pump=BEFORE + 16, poisoned=BEFORE + 26)


def main() -> int:
    """Run the year; 0 if it is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    settings = read_run_config(CONFIG).settings()
    begun = time.monotonic()
    with TemporaryDirectory() as folder:
        records = histories(TROUBLES, BEFORE + given.weeks, given.seed)
        weekly = Weekly(Path(folder), settings, records)
        for week in range(BEFORE, BEFORE + given.weeks):
            done = weekly.run(week)
            sys.stdout.write(
                f"week {week}: {done.verdict} ({done.seconds:.0f} s), in use {done.version}, "
                f"open {len(done.drifted)}: {done.why}\n"
            )
            sys.stdout.flush()
        outcome = outcome_of(weekly, records[0].pump_id, TROUBLES.poisoned, settings.evaluation)
    minutes = (time.monotonic() - begun) / 60
    sys.stdout.write(f"{outcome}\n{minutes:.1f} min; {'reached' if outcome.reached else 'NOT REACHED'}\n")
    return 0 if outcome.reached else 1


if __name__ == "__main__":
    sys.exit(main())
