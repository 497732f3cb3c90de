"""`python -m benchmarks.unseen_people --config settings.json --out FOLDER`: error against days of one's own data.

People are left out of training, a fold at a time; each is then met with 0, 1, 3, 7, 14 and all days of their own
data. The pumps of one wearer stay in one fold. Everybody is tested on complete windows of their test split. A study
that was broken off goes on: a fold that is trained is not trained again. FOLDER gets left_out.md, unseen_people.md,
unseen_people.png and unseen_people.json. settings.json is as for `bloodtwin train`.
"""

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.unseen_people import left_out
from benchmarks.unseen_people.folds import LeftOut, left_out_folds, logger
from benchmarks.unseen_people.writing import write
from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.config import Settings
from bloodtwin_core.personal.unseen_person import UnseenPersonTrial, unseen_person_trials
from bloodtwin_core.pipeline.run_config import read_run_config
from bloodtwin_core.records import Split
from bloodtwin_core.sources.settings import settings_model
from bloodtwin_core.windows.of_pump import windows_of_pump

FOLDS = 5
LEFT_OUT_TABLE = "left_out.md"


def trials_of(fold: LeftOut, settings: Settings) -> Iterator[UnseenPersonTrial]:
    """Every unseen person of a fold with every number of days."""
    for pump in fold.pumps:
        theirs = windows_of_pump(fold.windows, pump)
        for trial in unseen_person_trials(theirs, pump, fold.base, settings, fold.folder / "fine_tuning"):
            logger.info("%s, %s days: %s", pump, "all" if trial.days is None else trial.days, trial.reason)
            yield trial


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 where something is missing or does not fit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.unseen_people", description=__doc__)
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings as JSON; without it the defaults")
    parser.add_argument(
        "--out", type=Path, default=Path("artifacts/unseen_people"), metavar="FOLDER", help="%(default)s"
    )
    parser.add_argument("--folds", type=int, default=FOLDS, help="parts that the people are left out in (%(default)s)")
    parser.add_argument(
        "--left-out-on",
        type=Split,
        choices=list(Split),
        help="only left_out.md, on this split of theirs: choose settings by validate, so that test stays unseen",
    )
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logger.setLevel(logging.INFO)
    try:
        settings = read_run_config(given.config).settings() if given.config else settings_model()()
        folds = list(left_out_folds(settings, given.out, given.folds))
        split = given.left_out_on or Split.test
        found = left_out.table([left_out.errors_of(fold, split) for fold in folds], split)
        with atomic_write(given.out / LEFT_OUT_TABLE) as temporary:
            temporary.write_text(found, "utf-8")
        sys.stdout.write(found)
        if not given.left_out_on:
            trials = [trial for fold in folds for trial in trials_of(fold, settings)]
            sys.stdout.write("\n" + write(trials, given.out, settings.model.ensemble_size) + "\n")
    except BloodTwinError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
