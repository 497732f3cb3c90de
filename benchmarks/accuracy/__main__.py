"""`python -m benchmarks.accuracy --azt1d FOLDER [--brist1d FOLDER]`: train variants and compare validation MAE.

Test windows are never looked at. Every finished training is a line of OUT/trainings.jsonl, and is not repeated.
"""

import argparse
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any
from unittest.mock import patch

from benchmarks.accuracy.variants import VARIANTS, Variant, with_complete_windows_only
from bloodtwin_core.config import DataSettings, ModelSettings, TrainingSettings
from bloodtwin_core.preparing import PreparedData, prepare
from bloodtwin_core.source_settings import Azt1dSettings, LearnAlsoFrom
from bloodtwin_core.training import CheckpointFolder, fit

SEEDS = (42, 43, 44)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--azt1d", required=True, type=Path, help="folder of AZT1D")
    parser.add_argument("--brist1d", type=Path, help="folder of BrisT1D; without it what needs it is left out")
    parser.add_argument("--out", type=Path, default=Path("artifacts/accuracy"), help="where everything goes")
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS), metavar="NAME")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for name in given.variants:
        if given.brist1d or not VARIANTS[name].with_brist1d:
            for seed in given.seeds:
                train(name, seed, given.azt1d, given.brist1d, given.out)
    sys.stdout.write(table(given.out))


def train(name: str, seed: int, azt1d: Path, brist1d: Path | None, out: Path) -> None:
    """Train one variant with one seed, unless that was done before, and write down its validation MAE."""
    if any(done["variant"] == name and done["seed"] == seed for done in finished(out)):
        return
    variant = VARIANTS[name]
    prepared = data_for(variant, azt1d, brist1d, out)
    windows = with_complete_windows_only(prepared.windows) if variant.complete_windows_only else prepared.windows
    folder = out / f"{name.replace(' ', '_').replace(',', '')}_{seed}"
    with patch("bloodtwin_core.training.fit.ForecasterTraining", variant.module):
        fitted = fit(
            windows,
            prepared.scaler,
            ModelSettings(**variant.model),
            TrainingSettings(seed=seed, **variant.training),
            CheckpointFolder(folder / "checkpoints"),
            folder / "tensorboard",
            prepared.raw.fingerprint,
        )
    line = {
        "variant": name,
        "seed": seed,
        "val_mae": fitted.best.val_mae,
        "epochs": len(fitted.epochs),
        "seconds": sum(epoch.seconds for epoch in fitted.epochs),
    }
    with (out / "trainings.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def data_for(variant: Variant, azt1d: Path, brist1d: Path | None, out: Path) -> PreparedData:
    """Windows and scaler of AZT1D, with whoever else the variant learns from."""
    others = [LearnAlsoFrom(source="brist1d", root=str(brist1d))] if variant.with_brist1d else []
    settings = DataSettings(
        source="azt1d",
        root=str(azt1d),
        azt1d=Azt1dSettings(days_before_basal=variant.days_before_basal),
        learn_also_from=others,
    )
    return prepare(settings, out / f"data_{variant.days_before_basal:d}{variant.with_brist1d:d}")


def finished(out: Path) -> Iterator[dict[str, Any]]:
    """What earlier runs wrote down."""
    path = out / "trainings.jsonl"
    if path.exists():
        yield from map(json.loads, path.read_text().splitlines())


def table(out: Path) -> str:
    """Validation MAE of each variant (mg/dL), best first, as Markdown."""
    found: dict[str, list[float]] = {}
    for line in finished(out):
        found.setdefault(line["variant"], []).append(line["val_mae"])
    rows = sorted(found.items(), key=lambda item: mean(item[1]))
    lines = [
        f"| {name} | {VARIANTS[name].why} | {mean(maes):.2f} | {', '.join(f'{mae:.2f}' for mae in sorted(maes))} |"
        for name, maes in rows
    ]
    head = "| variant | what differs | validation MAE | by seed |\n|---|---|---|---|\n"
    return head + "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
