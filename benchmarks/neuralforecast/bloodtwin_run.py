"""`.venv/bin/python benchmarks/neuralforecast/bloodtwin_run.py ARTIFACTS THREADS SEED`: train and test bloodTwin.

Runs in bloodTwin's own environment with its default settings on the windows of ARTIFACTS, which it only reads, and
prints one line of JSON: what it spent, and its errors on the complete test windows.
"""

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import torch
from measures import Errors, spending

from bloodtwin_core.config import EvaluationSettings, ModelSettings, TrainingSettings
from bloodtwin_core.evaluation.testing import forecast_windows
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.records import Split
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.fit import fit
from bloodtwin_core.windows.scaler import read_scaler
from bloodtwin_core.windows.storage import read_windows


def main() -> int:
    """The command."""
    artifacts, threads, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    store = ArtifactStore(artifacts)
    windows, index = read_windows(store.windows)
    scaler, settings = read_scaler(store.scaler_json), TrainingSettings(threads=threads, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        checkpoints, logs = CheckpointFolder(Path(folder) / "checkpoints"), Path(folder) / "tensorboard"
        with spending() as training:
            fitted = fit(windows, scaler, ModelSettings(), settings, checkpoints, logs, index.fingerprint)
        forecaster = load_checkpoint(fitted.checkpoint).forecaster
    test = windows.origins[Split.test]
    rows = test.rows[test.complete]
    with spending() as testing:
        forecast = forecast_windows(forecaster, windows, rows, EvaluationSettings().batch_size, "cpu")
    found = {
        "errors": asdict(Errors.of(forecast, windows.targets(rows)[0])),
        "training": asdict(training),
        "testing": asdict(testing),
        "note": f"{len(fitted.epochs)} epochs, best {fitted.best.epoch + 1}, {fitted.compute.precision}, "
        f"validation MAE {fitted.best.val_mae:.2f}",
    }
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
