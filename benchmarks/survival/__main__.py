"""`python -m benchmarks.survival [WHAT ...]`: what a run survives, counted; exits with 1 where anything broke.

WHAT: kills (150 of the whole process group, at random and at each rename), published (50 of runs that publish, and at
each rename of the publishing), pairs (20 of runs at once in one folder),
graphs (20 pairs of Dagster's command at once, each step of which is a process of its own), changes (each file under a
model's artifacts, in five ways), damage (400 checkpoints), cancels (each stage of the graph three times, cancelled as
the UI does it; seconds until it stands still), files (960 split files, 600 files of events and 480 device
exports, mutated in twelve ways). All of them without an argument. --few does one in 50 of the kills, pairs, graphs and
files; --seed begins the files with another one.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from benchmarks.survival import published_kills
from benchmarks.survival.cancelling import LIMIT_SECONDS, cancelled_runs
from benchmarks.survival.changes import changed_files
from benchmarks.survival.damage import damaged_checkpoints, set_aside
from benchmarks.survival.graphs import pair_of_graphs
from benchmarks.survival.kills import KINDS, SEED_BEFORE, kills_at_renames, prepare, random_kills
from benchmarks.survival.mutated.exports import device_exports
from benchmarks.survival.mutated.tables import raw_events, split_files
from benchmarks.survival.mutated.trying import Tried, Trying
from benchmarks.survival.pairs import pair
from benchmarks.survival.runs import QUICK, STAGES, SettingsOf, small_settings, whole_run
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.training import CheckpointFolder

KILLS, PUBLISHED, PAIRS, CHECKPOINTS, CANCELS = 150, 50, 20, 400, 3
SPLIT_FILES, EVENT_FILES, EXPORTS = 960, 600, 480
FEW = 50


@dataclass(frozen=True)
class Asked:
    """What is measured on, one of how many kills, pairs and files is done, and the first seed of the files."""

    scratch: Path
    settings_of: SettingsOf
    every: int
    seed: int = 0


def kills(asked: Asked) -> int:
    """At renames first; what remains of 150 at random."""
    prepared = prepare(asked.scratch, asked.settings_of, KINDS if asked.every == 1 else (QUICK,))
    at_renames = _count("kills before and after renames", kills_at_renames(prepared, asked.every))
    rest = max(0, KILLS // asked.every - at_renames.tried)
    return at_renames.broken + _count("kills at random", random_kills(prepared, rest)).broken


def published(asked: Asked) -> int:
    """At renames of the publishing first, then whole runs at random."""
    prepared = published_kills.prepare(asked.scratch)
    at_renames = published_kills.kills_at_renames(prepared, asked.every)
    broken = _count("kills before and after renames of publishing", at_renames).broken
    kills = published_kills.random_kills(prepared, max(1, PUBLISHED // asked.every))
    return broken + _count("kills of runs that publish", kills).broken


def pairs(asked: Asked) -> int:
    """Pairs of trainings, and of whole runs."""
    before = asked.scratch / "before"
    whole_run(before, asked.settings_of(SEED_BEFORE), QUICK)
    numbers = range(max(1, PAIRS // asked.every))
    return _count("pairs at once", (pair(before, asked.scratch, each, asked.settings_of) for each in numbers)).broken


def graphs(asked: Asked) -> int:
    """Pairs of graphs whose steps are processes."""
    numbers = range(max(1, PAIRS // asked.every))
    tried = (pair_of_graphs(asked.scratch, each, asked.settings_of) for each in numbers)
    return _count("pairs of graphs at once", tried).broken


def changes(asked: Asked) -> int:
    """Last week's run is one of another seed."""
    scratch = asked.scratch
    for name, seed in (("before", 1), ("last_week", 2)):
        whole_run(scratch / name, small_settings(seed))
    found = changed_files(scratch / "before", scratch / "last_week", scratch)
    return _count("changed files", ([] if seen else [f"{what} went unnoticed"] for what, seen in found)).broken


def damage(asked: Asked) -> int:
    """Checkpoints that stand, and those of a broken training."""
    scratch = asked.scratch
    folder = CheckpointFolder(ArtifactStore(scratch / "before").checkpoints)
    settings = asked.settings_of(1)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    real, CheckpointFolder.finish = CheckpointFolder.finish, stop  # type: ignore[method-assign, assignment]
    try:
        whole_run(scratch / "before", settings, STAGES[:4])
    except KeyboardInterrupt:
        CheckpointFolder.finish = real  # type: ignore[method-assign]
    half = CHECKPOINTS // 2
    alone = damaged_checkpoints(folder.in_progress / "best.ckpt", scratch, half)
    broken = set_aside(folder.in_progress, scratch, half)
    sys.stdout.write(f"damaged checkpoints: {CHECKPOINTS} tried, {len(alone) + len(broken)} broke\n")
    for fault in (*alone, *broken):
        sys.stdout.write(f"  {fault}\n")
    return len(alone) + len(broken)


def cancels(asked: Asked) -> int:
    """Every stage, at moments drawn by chance."""
    broken = 0
    for each in cancelled_runs(asked.scratch, max(1, CANCELS // asked.every)):
        late = each.stopped is not None and each.stopped > LIMIT_SECONDS
        broken += late or bool(each.faults)
        told = "done before" if each.stopped is None else f"stopped in {each.stopped:.1f} s, gone in {each.gone:.1f} s"
        sys.stdout.write(f"  cancelled {each.asset}: {told}{' LATE' * late}\n")
        for fault in each.faults:
            sys.stdout.write(f"    {fault}\n")
        sys.stdout.flush()
    return broken


def files(asked: Asked) -> int:
    """Read, or refused in words; nothing else, and nothing believed that no file says."""
    trying = Trying(asked.seed)
    return sum(
        _tell_files(what, tried(asked.scratch / what, trying, count // asked.every))
        for what, tried, count in (
            ("split files", split_files, SPLIT_FILES),
            ("events", raw_events, EVENT_FILES),
            ("device exports", device_exports, EXPORTS),
        )
    )


def _tell_files(what: str, tried: Iterable[Tried]) -> int:
    refused = read = broken = 0
    began = time.perf_counter()
    for each in tried:
        refused, read, broken = refused + each.refused, read + (not each.refused), broken + bool(each.faults)
        for fault in each.faults:
            sys.stdout.write(f"  {each.name}: {fault}\n")
    seconds = time.perf_counter() - began
    told = f"{refused} refused in words, {read} read, {broken} broke, {seconds:.0f} s"
    sys.stdout.write(f"mutated {what}: {refused + read} tried, {told}\n")
    sys.stdout.flush()
    return broken


class _Count:
    def __init__(self) -> None:
        self.tried = self.broken = 0


def _count(what: str, found: Iterable[list[str]]) -> _Count:
    count, began = _Count(), time.perf_counter()
    for faults in found:
        count.tried += 1
        count.broken += bool(faults)
        for fault in faults:
            sys.stdout.write(f"  {what}, number {count.tried}: {fault}\n")
        sys.stdout.flush()
    seconds = time.perf_counter() - began
    sys.stdout.write(f"{what}: {count.tried} tried, {count.broken} broke, {seconds:.0f} s\n")
    sys.stdout.flush()
    return count


WHAT: dict[str, Callable[[Asked], int]] = {
    "files": files,
    "damage": damage,
    "changes": changes,
    "cancels": cancels,
    "pairs": pairs,
    "graphs": graphs,
    "published": published,
    "kills": kills,
}


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survival", description=__doc__)
    parser.add_argument("what", nargs="*", metavar="WHAT", help=", ".join(WHAT))
    parser.add_argument("--few", action="store_true", help="one in 50 of the kills, pairs and files")
    parser.add_argument("--data", default="", metavar="FOLDER", help="split files to run on (default: virtual wearers)")
    parser.add_argument("--seed", type=int, default=0, metavar="NUMBER", help="the first seed of the mutated files")
    given = parser.parse_args()
    # Runs are forked: a child of a process whose threads have worked waits for them for ever.
    torch.set_num_threads(1)
    settings_of = partial(small_settings, split_files=given.data)
    logging.basicConfig(level=logging.ERROR)
    broken = 0
    for name in given.what or list(WHAT):
        with tempfile.TemporaryDirectory(prefix="bloodtwin-survival-") as scratch:
            broken += WHAT[name](Asked(Path(scratch), settings_of, FEW if given.few else 1, given.seed))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
