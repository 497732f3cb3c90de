"""Two graphs at once in the same folder, whose steps are processes of their own: one works, the other says so."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.survival.runs import SettingsOf
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.verifying import faults_of
from bloodtwin_core.training import CheckpointFolder

STEPS = "raw_pump_splits,fitted_scaler,windowed_tensors,trained_checkpoint"
LATEST_SECONDS = 10.0
"""The second graph starts at most so much later than the first, so that it comes to its steps among the other's."""


def pair_of_graphs(scratch: Path, number: int, settings_of: SettingsOf) -> list[str]:
    """What went wrong with one pair of graphs with different seeds."""
    folder = scratch / f"graphs{number}"
    seeds = (1000 + 2 * number, 1001 + 2 * number)
    first = _started(folder, settings_of, seeds[0])
    time.sleep(random.Random(number).uniform(0.0, LATEST_SECONDS))
    both = (first, _started(folder, settings_of, seeds[1]))
    said = [process.communicate()[0] for process in both]
    codes = [process.returncode for process in both]
    if sorted(codes) != [0, 1]:
        return [f"exit codes {codes}: {[text[-1500:] for text in said]}"]
    refused, worked = said[codes.index(1)], seeds[codes.index(0)]
    faults = [] if "is in use by Dagster run" in refused else [f"refused with: {refused[-1500:]}"]
    store = ArtifactStore(folder / "small")
    faults += faults_of(store)
    if len({record.run for record in store.manifest().stages.values()}) != 1:
        faults.append("the manifest is of two runs")
    checkpoint = load_checkpoint(CheckpointFolder(store.checkpoints).best)
    recorded = store.recorded("trained_checkpoint")
    if recorded.settings["training"]["seed"] != worked or recorded.data_version != checkpoint.sha256:
        faults.append("manifest and checkpoint are of two trainings")
    return faults


def _started(folder: Path, settings_of: SettingsOf, seed: int) -> subprocess.Popen[str]:
    groups = settings_of(seed).model_dump(mode="json", include={"data", "model", "training"})
    config = {"resources": {"settings": {"config": groups}, "artifacts": {"config": {"root": str(folder)}}}}
    command = [sys.executable, "-m", "dagster", "asset", "materialize", "--select", STEPS]
    command += ["-m", "benchmarks.survival.stepwise", "--config-json", json.dumps(config)]
    without = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    return subprocess.Popen(
        command,
        cwd=Path(__file__).parents[2],
        env={**without, "OMP_NUM_THREADS": "1", "DAGSTER_DISABLE_TELEMETRY": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
