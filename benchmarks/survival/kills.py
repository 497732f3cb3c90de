"""Kills of the whole process group, at random and before and after each rename, and what the next run makes of it."""

import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import torch

from benchmarks.survival.killing import Killed
from benchmarks.survival.runs import (
    QUICK,
    WITHOUT_REPORT,
    KilledAt,
    SettingsOf,
    Stage,
    leftovers,
    start,
    whole_run,
)
from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.config import Settings
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.verifying import faults_of
from bloodtwin_core.training import CheckpointFolder

SEED_BEFORE, SEED = 1, 2
"""What stood before a killed run is of another training than its own, so that a mixture shows."""
KINDS = (QUICK, QUICK, QUICK, QUICK, WITHOUT_REPORT)
"""What is killed at random, in turn: every fifth is a run with personal copies and a test too."""


Kinds = tuple[tuple[Stage, ...], ...]
Weights = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Prepared:
    """A folder that stands, the weights that a run of SEED ends with, and how long each kind of run takes."""

    before: Path
    expected: dict[str, torch.Tensor]
    kinds: Kinds
    seconds: dict[tuple[Stage, ...], float]
    settings: Settings
    scratch: Path


def prepare(scratch: Path, settings_of: SettingsOf, kinds: Kinds = KINDS) -> Prepared:
    """Run once with each seed, and once more for the time of each kind."""
    before, expected, settings = scratch / "before", scratch / "expected", settings_of(SEED)
    whole_run(before, settings_of(SEED_BEFORE), kinds[-1])
    whole_run(expected, settings, QUICK)
    seconds = {}
    for stages in set(kinds):
        shutil.copytree(before, scratch / "timed")
        began = time.perf_counter()
        start(partial(whole_run, scratch / "timed", settings, stages), scratch / "said.txt").join()
        seconds[stages] = time.perf_counter() - began
        shutil.rmtree(scratch / "timed")
    return Prepared(before, _weights(expected), kinds, seconds, settings, scratch)


def random_kills(prepared: Prepared, kills: int) -> Iterator[list[str]]:
    """What each of so many kills at random broke."""
    chance = random.Random(0)
    for number in range(kills):
        stages = prepared.kinds[number % len(prepared.kinds)]
        moment = chance.uniform(0.0, prepared.seconds[stages])
        yield _killed(prepared, stages).faults(prepared.scratch, moment) or []


def kills_at_renames(prepared: Prepared, every: int = 1) -> Iterator[list[str]]:
    """What a kill before and after each rename of a run, or one in so many, broke, until there is none left."""
    for number in count(0, every):
        rename = KilledAt(number // 2, after=bool(number % 2))
        found = _killed(prepared, QUICK).faults(prepared.scratch, rename)
        if found is None:
            return
        yield found


def _killed(prepared: Prepared, stages: tuple[Stage, ...]) -> Killed:
    return Killed(
        begin=prepared.before,
        stages=stages,
        settings=prepared.settings,
        lost=lambda folder: _unreadable(folder, prepared),
        wrong_after=lambda folder: faults_of_next(folder, prepared.expected, stages),
    )


def _unreadable(folder: Path, prepared: Prepared) -> list[str]:
    """What is lost right after a kill: each checkpoint in place loads, and is a whole one of before or of now."""
    store = ArtifactStore(folder)
    try:
        faults_of(store)
    except BloodTwinError as error:
        return [str(error)]
    checkpoints = CheckpointFolder(store.checkpoints)
    broken = []
    for path in (checkpoints.best, checkpoints.last):
        try:
            load_checkpoint(path)
        except BloodTwinError as error:
            broken.append(str(error))
    stood = CheckpointFolder(ArtifactStore(prepared.before).checkpoints).best
    recorded = store.version_of("trained_checkpoint") == sha256_of(checkpoints.best)
    if not recorded and sha256_of(checkpoints.best) == sha256_of(stood):
        broken.append("the manifest tells of a checkpoint that is not there yet")
    return broken


def faults_of_next(folder: Path, expected: dict[str, torch.Tensor], stages: tuple[Stage, ...]) -> list[str]:
    """What is wrong after the next run: everything stands, nothing is left over, the weights are those of one run."""
    store = ArtifactStore(folder)
    whole = stages == WITHOUT_REPORT
    faults = [fault for fault in faults_of(store) if whole or "another trained_checkpoint" not in fault]
    faults += [f"left over: {name}" for name in leftovers(folder)]
    if CheckpointFolder(store.checkpoints).in_progress.exists():
        faults.append("left over: in_progress")
    if not are_same(expected, _weights(folder)):
        faults.append("other weights than an unbroken run's")
    return faults


def _weights(folder: Path) -> Weights:
    return weights_of(CheckpointFolder(ArtifactStore(folder).checkpoints).best)


def weights_of(checkpoint: Path) -> Weights:
    """All tensors of a checkpoint's network, by name."""
    return load_checkpoint(checkpoint).forecaster.state_dict()


def are_same(expected: Weights, found: Weights) -> bool:
    """Whether the weights are the same, bit for bit."""
    return all(torch.equal(tensor.nan_to_num(), found[name].nan_to_num()) for name, tensor in expected.items())
