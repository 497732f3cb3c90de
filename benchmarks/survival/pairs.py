"""Two runs at once in the same folder: one works, the other says so."""

import shutil
from functools import partial
from pathlib import Path

from benchmarks.survival.runs import DONE, QUICK, REFUSED, SettingsOf, leftovers, start, whole_run
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.training import train_stage
from bloodtwin_core.pipeline.verifying import faults_of
from bloodtwin_core.training import CheckpointFolder

TRAINING = (train_stage,)


def pair(before: Path, scratch: Path, number: int, settings_of: SettingsOf) -> list[str]:
    """What went wrong in one pair: of trainings, or, every fourth, of whole runs. before is a folder that stands."""
    folder = scratch / "pair"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(before, folder)
    stages = QUICK if number % 4 == 0 else TRAINING
    seeds = (10 + 2 * number, 11 + 2 * number)
    said = [scratch / f"said{seed}.txt" for seed in seeds]
    both = [
        start(partial(whole_run, folder, settings_of(seed), stages), file)
        for seed, file in zip(seeds, said, strict=True)
    ]
    for process in both:
        process.join()
    codes = [process.exitcode for process in both]
    if sorted(code or 0 for code in codes) != [DONE, REFUSED]:
        return [f"exit codes {codes}: {[file.read_text()[-300:] for file in said]}"]
    refused = said[codes.index(REFUSED)].read_text()
    faults = [] if "is in use by a small run (process " in refused else [f"refused with: {refused}"]
    store = ArtifactStore(folder)
    faults += [fault for fault in faults_of(store) if "another trained_checkpoint" not in fault]
    faults += [f"left over: {name}" for name in leftovers(folder)]
    recorded = store.recorded("trained_checkpoint")
    worked = seeds[codes.index(DONE)]
    checkpoint = load_checkpoint(CheckpointFolder(store.checkpoints).best)
    if recorded.settings["training"]["seed"] != worked or recorded.data_version != checkpoint.sha256:
        faults.append("manifest and checkpoint are of two trainings")
    return faults
