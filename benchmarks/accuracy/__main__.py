"""`python -m benchmarks.accuracy --azt1d FOLDER [--brist1d FOLDER]`: train variants and compare their validation MAE.

Test windows are never looked at. Every training leaves its checkpoint and the errors of its validation windows in a
folder of OUT, and is not repeated; one that had other settings is refused. After a change of data choose another OUT.
Then comes the table of everything that is trained there.
"""

import argparse
import logging
import sys
from functools import partial
from pathlib import Path

import torch

from benchmarks.accuracy.changes import MoreInputs
from benchmarks.accuracy.comparing import Judged, table
from benchmarks.accuracy.judging import WindowErrors, validation_errors
from benchmarks.accuracy.variants import VARIANTS, Variant, with_complete_windows_only
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import ModelSettings, TrainingSettings
from bloodtwin_core.config.sources import TrainOnlySource
from bloodtwin_core.pipeline.preparing import PreparedData, prepare
from bloodtwin_core.sources.azt1d import Azt1dSettings
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.fit import fit
from bloodtwin_core.training.module import MakesTraining

SEEDS = (42, 43, 44)
ERRORS = "validation_errors.npz"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--azt1d", required=True, type=Path, metavar="FOLDER", help="folder of AZT1D")
    parser.add_argument(
        "--brist1d", type=Path, metavar="FOLDER", help="folder of BrisT1D; without it what needs it is left out"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("artifacts/accuracy"), help="where everything goes (%(default)s)"
    )
    names = "; ".join(VARIANTS)
    parser.add_argument(
        "--variants",
        nargs="+",
        choices=list(VARIANTS),
        default=list(VARIANTS),
        metavar="NAME",
        help=f"which to train, all unless named; names of several words in quotes: {names}",
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS), metavar="SEED", help="%(default)s")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for name in given.variants:
        if given.brist1d or not VARIANTS[name].with_brist1d:
            for seed in given.seeds:
                train(name, seed, given.azt1d, given.brist1d, given.out)
    sys.stdout.write(table({name: judged(name, given.out) for name in VARIANTS}))


def train(name: str, seed: int, azt1d: Path, brist1d: Path | None, out: Path) -> None:
    """Train one variant with one seed and judge it on validation windows, unless that was done before."""
    folder, variant = folder_of(name, seed, out), VARIANTS[name]
    model, training = variant.model_settings, variant.training_settings.model_copy(update={"seed": seed})
    checkpoints = CheckpointFolder(folder / "checkpoints")
    if checkpoints.best.exists():
        require_same_settings(checkpoints.best, model, training)
    if (folder / ERRORS).exists():
        return
    prepared = data_for(variant, azt1d, brist1d, out)
    windows = with_complete_windows_only(prepared.windows) if variant.complete_windows_only else prepared.windows
    data = prepared.raw.fingerprint
    made = training_of(variant, azt1d)
    if not checkpoints.best.exists():
        # Calibration is made for networks of settings alone, and is judged by what it did not see.
        logs = folder / "tensorboard"
        fit(windows, prepared.scaler, model, training, checkpoints, logs, data, made=made, calibrate=False)
    module = made(windows, prepared.scaler, model, training, data)
    module.load_state_dict(torch.load(checkpoints.best, map_location="cpu", weights_only=True)["state_dict"])
    validation_errors(module, windows, training).write(folder / ERRORS)


def require_same_settings(checkpoint: Path, model: ModelSettings, training: TrainingSettings) -> None:
    """Raise SettingsError if a training that is done had other settings, as the defaults of another version."""
    had = torch.load(checkpoint, map_location="cpu", weights_only=True)["hyper_parameters"]
    for group, settings in (("model", model), ("training", training)):
        now = settings.model_dump(mode="json")
        differing = [f"{group}.{name}" for name in now if had[group].get(name) != now[name]]
        if differing:
            raise SettingsError(
                f"{checkpoint} was trained with another {', '.join(differing)}. Give another --out, or remove the file"
            )


def folder_of(name: str, seed: int, out: Path) -> Path:
    """Where a training leaves everything."""
    return out / f"{name.replace(' ', '_').replace(',', '')}_{seed}"


def training_of(variant: Variant, azt1d: Path) -> MakesTraining:
    """What trains a variant."""
    inputs = variant.inputs
    return variant.module if inputs is None else partial(MoreInputs, inputs=lambda windows: inputs(windows, azt1d))


def data_for(variant: Variant, azt1d: Path, brist1d: Path | None, out: Path) -> PreparedData:
    """Windows and scaler of AZT1D, with whoever else the variant learns from."""
    settings = data_settings(
        source="azt1d",
        root=str(azt1d),
        azt1d=Azt1dSettings(days_before_basal=variant.days_before_basal),
        learn_also_from=[TrainOnlySource(source="brist1d", root=str(brist1d))] if variant.with_brist1d else [],
        **variant.data,
    )
    return prepare(settings, out / f"data_{variant.days_before_basal:d}{variant.with_brist1d:d}")


def judged(name: str, out: Path) -> list[Judged]:
    """The trainings of a variant that are done, whatever their seed."""
    begins = folder_of(name, 0, out).name.removesuffix("0")
    found = {int(path.parent.name.removeprefix(begins)): path.parent for path in out.glob(f"{begins}[0-9]*/{ERRORS}")}
    return [
        Judged(seed, WindowErrors.read(folder / ERRORS), CheckpointFolder(folder / "checkpoints").read_learning_curve())
        for seed, folder in sorted(found.items())
    ]


if __name__ == "__main__":
    main()
