"""`python -m benchmarks.unseen_people.insulin --azt1d FOLDER --brist1d FOLDER`: variants, judged by people left out.

BRIST1D is the folder of the files as published, with insulin. People of both data sets are left out of training, a fold
at a time, and forecast with their insulin and without. Choose by their days before the test split (the default), and
open `--on test` for what was chosen, `--copies` to see what some days of one's own bring there. `--bands` and
`--alarm-head` learn from the other folds, so they need two or more. A study that was broken off goes on where it was;
after a change of data choose another --out.
"""

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.unseen_people.insulin.alarm_head import alarm_table
from benchmarks.unseen_people.insulin.band_widths import widths_table
from benchmarks.unseen_people.insulin.bands import bands_table
from benchmarks.unseen_people.insulin.copies import copies_table, settings_of, trials
from benchmarks.unseen_people.insulin.forecasts import LeftOutForecasts, forecasts_of
from benchmarks.unseen_people.insulin.further import known_to_the_table
from benchmarks.unseen_people.insulin.people import Everybody, with_unknown_insulin
from benchmarks.unseen_people.insulin.table import table
from benchmarks.unseen_people.insulin.variants import VARIANTS
from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.config import ModelSettings, Precision
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.personal.unseen_person import UnseenPersonTrial
from bloodtwin_core.pipeline.preparing import Prepared
from bloodtwin_core.records import Split, has_past
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.fit import fit
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.storage import fingerprint_of

FOLDS = 5
ON = {"before": (Split.train, Split.validate), "test": (Split.test,)}
logger = logging.getLogger("benchmarks.unseen_people")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 where something is missing or does not fit."""
    parser = _parser()
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    if given.copies and (further := [name for name in given.variants if VARIANTS[name].inputs.rows]):
        parser.error(f"--copies cannot be made of what reads inputs beyond the eight: leave out {', '.join(further)}")
    given.folds = given.folds or list(range(1, given.of + 1))
    if len(given.folds) < 2 and (given.bands or given.alarm_head):
        parser.error("--bands and --alarm-head learn from the other folds: name two or more")
    try:
        everybody = Everybody.read(given.azt1d, given.brist1d, given.out)
        for fold in given.folds:
            for name in given.variants:
                _forecast(everybody, name, fold, given)
        found = {name: _read(name, given) for name in given.variants}
        sys.stdout.write(table(found))
        if given.copies:
            for name in given.variants:
                sys.stdout.write(
                    f"\n{name}, copies with {given.copies} insulin:\n\n{_copies(everybody, name, given)}\n"
                )
        if given.alarm_head:
            for name in given.variants:
                alarms = alarm_table([_left_out(name, fold, given) for fold in given.folds], "told")
                sys.stdout.write(f"\n{name}, lows:\n\n{alarms}\n")
        if given.bands:
            for name in given.variants:
                sys.stdout.write(f"\n{name}, bands:\n\n{_bands(everybody, name, given)}\n")
                widths = widths_table([_left_out(name, fold, given) for fold in given.folds])
                sys.stdout.write(f"\n{name}, bands of other widths:\n\n{widths}\n")
    except BloodTwinError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.unseen_people.insulin", description=__doc__)
    parser.add_argument("--azt1d", required=True, type=Path, metavar="FOLDER", help="folder of AZT1D")
    parser.add_argument("--brist1d", required=True, type=Path, metavar="FOLDER", help="folder of BrisT1D as published")
    out = Path("artifacts/unseen_people_insulin")
    parser.add_argument("--out", type=Path, default=out, metavar="FOLDER", help="%(default)s")
    parser.add_argument("--of", type=int, default=FOLDS, help="folds that people are dealt into (%(default)s)")
    parser.add_argument("--folds", nargs="+", type=int, metavar="N", help="which of them, from 1; all unless named")
    parser.add_argument(
        "--variants",
        nargs="+",
        choices=list(VARIANTS),
        default=list(VARIANTS),
        metavar="NAME",
        help="; ".join(VARIANTS),
    )
    parser.add_argument("--on", choices=list(ON), default="before", help="which days of people left out (%(default)s)")
    kinds = ("varied", "plain")
    parser.add_argument("--copies", choices=kinds, help="fine-tune with insulin varied as in training, or as it is")
    parser.add_argument("--bands", action="store_true", help="calibrate bands in several ways, too")
    parser.add_argument("--alarm-head", action="store_true", help="fit a head of its own for lows, too")
    parser.add_argument("--epochs", type=int, default=16, help="length of the cosine (%(default)s)")
    parser.add_argument("--members", type=int, default=1, help="networks, whose mean is the forecast (%(default)s)")
    parser.add_argument("--seed", type=int, default=42, help="%(default)s")
    parser.add_argument("--hidden-size", type=int, default=ModelSettings().hidden_size, help="%(default)s")
    parser.add_argument("--precision", type=Precision, choices=list(Precision), default=Precision.auto)
    return parser


def _folder(name: str, fold: int, given: argparse.Namespace) -> Path:
    folder: Path = given.out / f"{name.replace(' ', '_')}_{given.epochs}_{given.members}_{given.seed}" / f"fold_{fold}"
    return folder


def _forecast(everybody: Everybody, name: str, fold: int, given: argparse.Namespace) -> None:
    """Train one variant on one fold and forecast who was left out, unless that was done before."""
    folder = _folder(name, fold, given)
    if (folder / f"{given.on}.npz").exists():
        return
    if VARIANTS[name].on_top_of:
        _forecast(everybody, VARIANTS[name].on_top_of, fold, given)
    people = everybody.folds(given.of)[fold - 1]
    logger.info("%s, fold %d leaves out %s", name, fold, ", ".join(people))
    learnt, started = everybody.without(people), time.monotonic()
    checkpoints = CheckpointFolder(folder / "checkpoints")
    inputs = VARIANTS[name].inputs
    with known_to_the_table(inputs):
        if not checkpoints.best.exists():
            _fit(learnt, name, fold, given)
        forecaster = load_checkpoint(checkpoints.best).forecaster
        windows = everybody.windows_of(people, learnt)
        found = forecasts_of(forecaster, windows, ON[given.on], _shown(learnt, name), inputs)
    found.write(folder / f"{given.on}.npz")
    logger.info("%s, fold %d took %.0f s", name, fold, time.monotonic() - started)


def _fit(learnt: Prepared, name: str, fold: int, given: argparse.Namespace) -> None:
    variant, folder = VARIANTS[name], _folder(name, fold, given)
    windows = variant.inputs.beside(_shown(learnt, name))
    scaler = variant.inputs.scaled_with(learnt.scaler, windows)
    reads_past = has_past(windows.features)
    model = ModelSettings(ensemble_size=given.members, hidden_size=given.hidden_size, past=reads_past)
    training = variant.training_settings(given.epochs, given.seed).model_copy(update={"precision": given.precision})
    if variant.on_top_of:
        base = CheckpointFolder(_folder(variant.on_top_of, fold, given) / "checkpoints").best
        training = training.model_copy(update={"start_from": str(base)})
    checkpoints, fingerprint = CheckpointFolder(folder / "checkpoints"), fingerprint_of(windows)
    fit(windows, scaler, model, training, checkpoints, folder / "tensorboard", fingerprint, made=variant.module)


def _shown(learnt: Prepared, name: str) -> WindowedSeries:
    """What a variant learns from."""
    return learnt.windows if VARIANTS[name].told else with_unknown_insulin(learnt.windows, brist1d_alone=True)


def _copies(everybody: Everybody, name: str, given: argparse.Namespace) -> str:
    """What copies of a variant's networks bring, over all folds."""
    found: list[UnseenPersonTrial] = []
    for fold in given.folds:
        folder, people = _folder(name, fold, given), everybody.folds(given.of)[fold - 1]
        base = load_checkpoint(CheckpointFolder(folder / "checkpoints").best)
        training = VARIANTS[name].training_settings(given.epochs, given.seed)
        training = training.model_copy(update={"precision": given.precision})
        settings = settings_of(everybody, training, base, plain=given.copies == "plain")
        windows = VARIANTS[name].inputs.beside(everybody.windows_of(people, everybody.without(people)))
        found += trials(windows, people, base, settings, folder / "fine_tuning")
    return copies_table(found, given.members)


def _bands(everybody: Everybody, name: str, given: argparse.Namespace) -> str:
    """What a variant's bands hold in each way of calibrating them, over all folds."""
    known = []
    for fold in given.folds:
        folder, path = _folder(name, fold, given), _folder(name, fold, given) / "people_in_training.npz"
        if not path.exists():
            learnt, inputs = everybody.without(everybody.folds(given.of)[fold - 1]), VARIANTS[name].inputs
            with known_to_the_table(inputs):
                forecaster = load_checkpoint(CheckpointFolder(folder / "checkpoints").best).forecaster
                shown = _shown(learnt, name)
                forecasts_of(forecaster, shown, (Split.validate,), shown, inputs).write(path)
        known.append(LeftOutForecasts.read(path))
    return bands_table([_left_out(name, fold, given) for fold in given.folds], known)


def _read(name: str, given: argparse.Namespace) -> LeftOutForecasts:
    return LeftOutForecasts.together([_left_out(name, fold, given) for fold in given.folds])


def _left_out(name: str, fold: int, given: argparse.Namespace) -> LeftOutForecasts:
    return LeftOutForecasts.read(_folder(name, fold, given) / f"{given.on}.npz")


if __name__ == "__main__":
    sys.exit(main())
