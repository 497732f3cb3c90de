"""`python -m benchmarks.training.processes [SEEDS]`: the same training by one process and by two that share its steps.

Gradients of two processes are added up by gloo on this machine's CPU. Prints the difference of their validation MAE
over the seeds with its 95 % interval, and the time that each took, starting included.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy import stats

from benchmarks.common.data import prepared
from benchmarks.common.rows import Row, noted, table
from bloodtwin_core.config import ModelSettings, TrainingSettings
from bloodtwin_core.pipeline.preparing import Prepared
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.fit import fit

PUMPS = (12_000,) * 2
MODEL = ModelSettings(hidden_size=32)
EPOCHS, SEEDS = 6, 5


def compared(seeds: int, folder: Path) -> list[Row]:
    """Validation MAE and seconds by one and by two processes, seed by seed."""
    data = prepared(PUMPS, folder / "data")
    found = np.array([[_trained(data, seed, by, folder) for by in (1, 2)] for seed in range(seeds)])
    mae, seconds = found[..., 0], found[..., 1]
    difference = mae[:, 1] - mae[:, 0]
    reach = stats.t.ppf(0.975, seeds - 1) * difference.std(ddof=1) / np.sqrt(seeds)
    return [
        noted(f"validation MAE by one process, mean of {seeds} seeds", mae[:, 0].mean(), "mg/dL"),
        noted("spread of it between seeds (standard deviation)", mae[:, 0].std(ddof=1), "mg/dL"),
        noted("two processes minus one", difference.mean(), "mg/dL"),
        noted("its 95 % interval, from", difference.mean() - reach, "mg/dL"),
        noted("to", difference.mean() + reach, "mg/dL"),
        noted("largest difference of a seed", np.abs(difference).max(), "mg/dL"),
        noted("a training by one process", seconds[:, 0].mean(), "s"),
        noted("by two, starting them included", seconds[:, 1].mean(), "s"),
    ]


def _trained(data: Prepared, seed: int, processes: int, folder: Path) -> tuple[float, float]:
    training = TrainingSettings(seed=seed, max_epochs=EPOCHS, processes=processes, device="cpu", resume=False)
    place, began = folder / f"{seed}-{processes}", time.perf_counter()
    checkpoints = CheckpointFolder(place / "checkpoints")
    fitted = fit(data.windows, data.scaler, MODEL, training, checkpoints, place / "logs", "data")
    return fitted.best.val_mae, time.perf_counter() - began


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training.processes", description=__doc__)
    parser.add_argument("seeds", type=int, nargs="?", default=SEEDS, help=f"how many seeds (default: {SEEDS})")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bloodtwin-processes-") as folder:
        sys.stdout.write(f"{table(compared(given.seeds, Path(folder)))}\n")


if __name__ == "__main__":
    main()
