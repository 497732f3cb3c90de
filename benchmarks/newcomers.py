"""`python -m benchmarks.newcomers --config settings.json --out FOLDER`: error against days of one's own data.

People are left out of training, a fold at a time; each is then met with 0, 1, 3, 7, 14 and all days of their own
data. The pumps of one wearer stay in one fold. Everybody is tested on complete windows of their test split. A study
that was broken off goes on: a fold that is trained is not trained again. FOLDER gets newcomers.md, newcomers.png and
newcomers.json. settings.json is as for `python -m bloodtwin_core.training`.
"""

import argparse
import dataclasses
import json
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bloodtwin_core.checkpoint import Checkpoint, load_checkpoint
from bloodtwin_core.config import Settings
from bloodtwin_core.errors import BloodTwinError, SettingsError
from bloodtwin_core.evaluation.plots.canvas import BLUE, INK, VERMILLION, legend_above, new_figure, small_png
from bloodtwin_core.files import atomic_write
from bloodtwin_core.newcomer import JUDGED_SHARE, NewcomerRow, NewcomerTrial, newcomer_trials, summary
from bloodtwin_core.preparing import SPLIT_FILES, list_split_files
from bloodtwin_core.pump_windows import windows_of_pump
from bloodtwin_core.raw_splits import LoadedSplit, load_splits, scaler_records, window_records
from bloodtwin_core.records import Split
from bloodtwin_core.scaling import fit_scaler
from bloodtwin_core.training import CheckpointFolder, fit
from bloodtwin_core.training.__main__ import read_settings
from bloodtwin_core.windows import window_series
from bloodtwin_core.windows_files import fingerprint_of

logger = logging.getLogger("benchmarks.newcomers")
FOLDS = 5
TABLE = "newcomers.md"


def folds_of(pumps: Sequence[str], wearers: dict[str, list[str]], folds: int) -> list[list[str]]:
    """The pumps in folds of about equal size; those of one wearer together, each pump once."""
    wearer_of = {pump: name for name, worn in wearers.items() for pump in worn}
    people: dict[str, list[str]] = {}
    for pump in pumps:
        people.setdefault(wearer_of.get(pump, pump), []).append(pump)
    if not 2 <= folds <= len(people):
        raise SettingsError(f"--folds is {folds}, but must be from 2 to the number of people, {len(people)}")
    dealt = [list(people.values())[fold::folds] for fold in range(folds)]
    return [[pump for worn in fold for pump in worn] for fold in dealt]


def study(settings: Settings, folder: Path, folds: int) -> Iterator[NewcomerTrial]:
    """Every newcomer with every number of days, fold after fold."""
    loaded = load_splits(list_split_files(settings.data, folder / SPLIT_FILES, folder), folder)
    tested = list(dict.fromkeys(part.pump_id for part in loaded if part.split is Split.test))
    for number, left_out in enumerate(folds_of(tested, settings.data.wearers, folds)):
        logger.info("fold %d of %d leaves out %s", number + 1, folds, ", ".join(left_out))
        others = [part for part in loaded if part.pump_id not in left_out]
        base = _base(others, settings, folder / f"fold_{number + 1}")
        theirs = [part for part in loaded if part.pump_id in left_out]
        windows = window_series(window_records(theirs), base.scaler, settings.data)
        for pump in left_out:
            scratch = folder / f"fold_{number + 1}" / "fine_tuning"
            for trial in newcomer_trials(windows_of_pump(windows, pump), pump, base, settings, scratch):
                logger.info("%s, %s days: %s", pump, "all" if trial.days is None else trial.days, trial.reason)
                yield trial


def _base(others: Sequence[LoadedSplit], settings: Settings, folder: Path) -> Checkpoint:
    """The network of everybody else, trained now unless an earlier run of the study left it."""
    scaler = fit_scaler(scaler_records(others))
    windows = window_series(window_records(others), scaler, settings.data)
    fingerprint, checkpoints = fingerprint_of(windows), CheckpointFolder(folder / "checkpoints")
    made_with = folder / "settings.json"
    wanted = json.dumps({**settings.used("data", "model", "training"), "windows": fingerprint}, indent=2)
    if not (checkpoints.best.exists() and made_with.exists() and made_with.read_text() == wanted):
        fit(windows, scaler, settings.model, settings.training, checkpoints, folder / "tensorboard", fingerprint)
        with atomic_write(made_with) as temporary:
            temporary.write_text(wanted)
    return load_checkpoint(checkpoints.best)


def as_table(rows: Sequence[NewcomerRow]) -> str:
    """The rows as a Markdown table with what they mean."""
    lines = [
        "| days of their own | MAE AT 30 | MAE AT 60 | skill AT 30 | skill AT 60 | accepted | better on test | "
        "AT 30 / AT 60 if every copy were used |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {_days(row)} | {row.mae_at_30:.2f} | {row.mae_at_60:.2f} | {row.skill_at_30:.3f} | {row.skill_at_60:.3f} | "
        f"{row.accepted} of {row.people} | {row.better} | {row.always_at_30:.2f} / {row.always_at_60:.2f} |"
        for row in rows
    ]
    people, windows = (rows[0].people, rows[0].windows) if rows else (0, 0)
    return "\n".join(
        [
            f"{people} people who were left out of training, a fold at a time; errors in mg/dL on {windows:,} complete "
            f"test windows, pooled. A copy is fine-tuned on the newest days and accepted where the latest "
            f"{JUDGED_SHARE:.0%} of them say that it helps; where that leaves too few windows, as of a single day, "
            "nobody's copy is accepted. Skill is the error divided by persistence's.",
            "",
            *lines,
        ]
    )


def plot(rows: Sequence[NewcomerRow]) -> bytes:
    """MAE AT 30 and 60 minutes by days of one's own data, with those of persistence."""
    figure, axes = new_figure("A newcomer's error", "Days of their own data", "MAE AT that moment (mg/dL)")
    places = range(len(rows))
    for minutes, colour, marker in ((30, BLUE, "o"), (60, VERMILLION, "s")):
        mae = [getattr(row, f"mae_at_{minutes}") for row in rows]
        last = [value / getattr(row, f"skill_at_{minutes}") for value, row in zip(mae, rows, strict=True)]
        axes.plot(places, mae, color=colour, marker=marker, label=f"{minutes} min ahead")
        axes.plot(places, last, color=INK, marker=marker, linestyle=":", label=f"Persistence, {minutes} min ahead")
    axes.set_xticks(list(places), [_days(row) for row in rows])
    axes.set_ylim(bottom=0)
    legend_above(figure, axes)
    return small_png(figure)


def _days(row: NewcomerRow) -> str:
    return "all" if row.days is None else str(row.days)


def write(trials: Sequence[NewcomerTrial], folder: Path) -> str:
    """Keep table, picture and single trials of the study so far; gives the table."""
    rows = summary(trials)
    table = as_table(rows)
    single = [
        {
            **{name: getattr(trial, name) for name in ("pump_id", "days", "learned", "judged", "accepted", "reason")},
            "mae_before": trial.base.mae(1, trial.base.horizon),
            "mae_after": trial.tuned.mae(1, trial.tuned.horizon) if trial.tuned else None,
        }
        for trial in trials
    ]
    content = {"rows": [dataclasses.asdict(row) for row in rows], "trials": single}
    with atomic_write(folder / TABLE) as temporary:
        temporary.write_text(table + "\n", "utf-8")
    with atomic_write(folder / "newcomers.json") as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    with atomic_write(folder / "newcomers.png") as temporary:
        temporary.write_bytes(plot(rows))
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 where something is missing or does not fit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.newcomers", description=__doc__)
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings as JSON; without it the defaults")
    parser.add_argument("--out", type=Path, default=Path("artifacts/newcomers"), metavar="FOLDER")
    parser.add_argument("--folds", type=int, default=FOLDS, help="parts that the people are left out in (%(default)s)")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logger.setLevel(logging.INFO)
    try:
        settings = read_settings(given.config) if given.config else Settings()
        trials = list(study(settings, given.out, given.folds))
        sys.stdout.write(write(trials, given.out) + "\n")
    except BloodTwinError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
