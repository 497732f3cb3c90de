"""Runs that are cancelled as the UI does it: how long until they stand still, and what they leave.

Each stage works at the size of the default settings, so that a step of it takes as long as in earnest.
"""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.survival.dagster_ui import ENDED, WAIT_SECONDS, Ui, running_ui
from benchmarks.survival.runs import STAGES, Stage
from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.common.processes import NamedProcess
from bloodtwin_core.network.checkpoint import load_checkpoint, read_whole
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.evaluation import evaluation_stage
from bloodtwin_core.pipeline.exports import onnx_stage, streaming_stage, torchscript_stage
from bloodtwin_core.pipeline.personal import personal_stage
from bloodtwin_core.pipeline.reporting import report_stage
from bloodtwin_core.pipeline.training import train_stage
from bloodtwin_core.sources.settings import settings_model
from bloodtwin_core.training import CheckpointFolder

LIMIT_SECONDS = 10.0
"""Within which a cancelled run should stand still."""
NAME = "cancelled"
GROUPS: dict[str, dict[str, Any]] = {
    "data": {"simulator": {"pumps": 2, "days": 30}},
    "model": {"name": NAME},
    "training": {"max_epochs": 1},
    "personal": {"max_epochs": 1},
}
LONGER: dict[str, dict[str, Any]] = {
    "training": {"max_epochs": 1000, "early_stopping_patience": 1000},
    "personal": {"max_epochs": 1000, "early_stopping_patience": 1000},
}
"""What is cancelled does not end by itself meanwhile."""
CANCELLED: dict[str, Stage] = {
    "trained_checkpoint": train_stage,
    "personal_checkpoints": personal_stage,
    "test_results": evaluation_stage,
    "evaluation_report": report_stage,
    "torchscript_export": torchscript_stage,
    "onnx_export": onnx_stage,
    "streaming_export": streaming_stage,
}
"""Each stage that can take long, by its asset."""


@dataclass(frozen=True)
class Cancelled:
    """One run: seconds from the request until it counts as cancelled, and until its process is gone; None if done."""

    asset: str
    stopped: float | None
    gone: float | None
    faults: tuple[str, ...] = ()


def cancelled_runs(scratch: Path, times: int) -> Iterator[Cancelled]:
    """Every stage, so many times each, cancelled at a moment drawn by chance."""
    folder, chance = scratch / "ui", random.Random(0)
    folder.mkdir()
    config = folder / "my.yaml"
    config.write_text(yaml.safe_dump({**GROUPS, "artifacts": {"root": "out"}}))
    store = ArtifactStore(folder / "out" / NAME)
    settings, seconds = settings_model().model_validate(GROUPS), {}
    for stage in STAGES:
        began = time.monotonic()
        stage(store, settings)
        seconds[stage] = time.monotonic() - began
    with running_ui(folder, config) as ui:
        for asset, stage in CANCELLED.items():
            for _ in range(times):
                yield _cancelled(ui, asset, store, chance.uniform(0.0, seconds[stage]))


def _cancelled(ui: Ui, asset: str, store: ArtifactStore, after: float) -> Cancelled:
    groups = {group: {**GROUPS.get(group, {}), **LONGER.get(group, {})} for group in {**GROUPS, **LONGER}}
    run = ui.launch(asset, {"resources": {"settings": {"config": groups}}})
    _until(lambda: any(each.kind == "ExecutionStepStartEvent" for each in ui.events(run)), f"{asset} to begin")
    if asset == "trained_checkpoint":
        last = CheckpointFolder(store.checkpoints).in_progress / "last.ckpt"
        _until(last.exists, "the first epoch")
    number = ui.process_of(run)
    process = NamedProcess.of(number) if number else None
    time.sleep(after)
    if ui.status(run) in ENDED:
        return Cancelled(asset, None, None)
    asked = time.monotonic()
    ui.terminate(run)
    _until(lambda: ui.status(run) in ENDED, "the run to end")
    stopped = time.monotonic() - asked
    if ui.status(run) == "SUCCESS":
        return Cancelled(asset, None, None)
    _until(lambda: process is None or not process.runs, "its process to end")
    return Cancelled(asset, stopped, time.monotonic() - asked, tuple(_faults(ui, run, store, asset)))


def _faults(ui: Ui, run: str, store: ArtifactStore, asset: str) -> Iterator[str]:
    if (status := ui.status(run)) != "CANCELED":
        yield f"the run counts as {status}: {[each.message for each in ui.events(run)][-3:]}"
    checkpoints = CheckpointFolder(store.checkpoints)
    try:
        load_checkpoint(checkpoints.best)
        if asset == "trained_checkpoint":
            read_whole(checkpoints.in_progress / "last.ckpt")
    except BloodTwinError as error:
        yield str(error)


def _until(done: Any, what: str) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        if done():
            return
        time.sleep(0.1)
    raise TimeoutError(f"waited {WAIT_SECONDS:.0f} s in vain for {what}")
