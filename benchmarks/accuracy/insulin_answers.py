"""`python -m benchmarks.accuracy.insulin_answers --azt1d FOLDER`: what variants say about a dose that nobody gave.

Of what `python -m benchmarks.accuracy` has trained in OUT: the base, and those that have insulin's known effect taken
out; on validation windows.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.accuracy.__main__ import data_for, folder_of, training_of
from benchmarks.accuracy.known_insulin import INSULIN, InsulinTakenOut, network_answer
from benchmarks.accuracy.variants import BASE, VARIANTS
from bloodtwin_core.records import Rows, Split
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.module import ForecasterTraining
from bloodtwin_core.windows import WindowedSeries, evenly_spread

DOSES = (1.0, 3.0, 6.0)
WINDOWS = 800
ASKED = (BASE, "insulin taken out", "insulin taken out, untold")


def response_table(trained: dict[str, ForecasterTraining], windows: WindowedSeries) -> str:
    """Mean answer to each dose at 60 minutes, and the share of windows in which more insulin raises glucose."""
    rows = ["| variant | dose | at 60 min, mg/dL | raises glucose |", "| --- | --- | --- | --- |"]
    for name, module in trained.items():
        module.eval()
        ask = _answer_of(module)
        chosen = torch.from_numpy(_with_insulin(windows, windows.lookback))
        for dose in DOSES:
            with torch.inference_mode():
                said = torch.cat([ask(some, dose)[:, -1] for some in chosen.split(100)]).numpy()
            rows.append(f"| {name} | {dose:g} U | {said.mean():+.1f} | {np.mean(said > 0.0):.0%} |")
    return "\n".join(rows)


def _answer_of(module: ForecasterTraining) -> Callable[[Tensor, float], Tensor]:
    if isinstance(module, InsulinTakenOut):
        return module.answer
    return lambda rows, dose: network_answer(module, rows, dose)


def _with_insulin(windows: WindowedSeries, lookback: int) -> Rows:
    """Complete validation windows whose insulin is known throughout, evenly spread."""
    origins = windows.origins[Split.validate]
    series = windows.series[:, INSULIN]
    rows = [
        row
        for row in origins.rows[origins.complete].tolist()
        if np.isfinite(series[row - lookback + 1 : row + 1]).all()
    ]
    return evenly_spread(np.array(rows, dtype=np.int64), WINDOWS)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.insulin_answers", description=__doc__)
    parser.add_argument("--azt1d", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=Path("artifacts/accuracy"), help="%(default)s")
    parser.add_argument("--seed", type=int, default=42, help="%(default)s")
    given = parser.parse_args()
    prepared, trained = data_for(VARIANTS[BASE], given.azt1d, None, given.out), {}
    for name in ASKED:
        best = CheckpointFolder(folder_of(name, given.seed, given.out) / "checkpoints").best
        if best.exists():
            variant = VARIANTS[name]
            module = training_of(variant, given.azt1d)(
                prepared.windows, prepared.scaler, variant.model_settings, variant.training_settings, ""
            )
            module.load_state_dict(torch.load(best, map_location="cpu", weights_only=True)["state_dict"])
            trained[name] = module
    sys.stdout.write(f"{response_table(trained, prepared.windows)}\n")


if __name__ == "__main__":
    main()
