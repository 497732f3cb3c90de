"""`python -m benchmarks.survival [WHAT ...]`: what a run survives, counted; exits with 1 where anything broke.

WHAT: kills (150 of the whole process group, at random and at each rename), pairs (20 of runs at once in one folder),
changes (each file under a model's artifacts, in five ways), damage (400 checkpoints). All of them without an argument.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.survival.changes import changed_files
from benchmarks.survival.damage import damaged_checkpoints, set_aside
from benchmarks.survival.kills import SEED_BEFORE, kills_at_renames, prepare, random_kills
from benchmarks.survival.pairs import pair
from benchmarks.survival.runs import STAGES, small_settings, whole_run
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.training import CheckpointFolder

KILLS, PAIRS, CHECKPOINTS = 150, 20, 400


def kills(scratch: Path) -> int:
    """At each rename first; what remains of 150 at random."""
    prepared = prepare(scratch)
    at_renames = _count("kills before and after each rename", kills_at_renames(prepared))
    rest = max(0, KILLS - at_renames.tried)
    return at_renames.broken + _count("kills at random", random_kills(prepared, rest)).broken


def pairs(scratch: Path) -> int:
    """Pairs of trainings, and of whole runs."""
    before = scratch / "before"
    whole_run(before, small_settings(SEED_BEFORE))
    return _count("pairs at once", (pair(before, scratch, number) for number in range(PAIRS))).broken


def changes(scratch: Path) -> int:
    """Last week's run is one of another seed."""
    for name, seed in (("before", 1), ("last_week", 2)):
        whole_run(scratch / name, small_settings(seed))
    found = changed_files(scratch / "before", scratch / "last_week", scratch)
    return _count("changed files", ([] if seen else [f"{what} went unnoticed"] for what, seen in found)).broken


def damage(scratch: Path) -> int:
    """Checkpoints that stand, and those of a broken training."""
    folder = CheckpointFolder(ArtifactStore(scratch / "before").checkpoints)
    settings = small_settings(1)

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


WHAT: dict[str, Callable[[Path], int]] = {"damage": damage, "changes": changes, "pairs": pairs, "kills": kills}


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.survival", description=__doc__)
    parser.add_argument("what", nargs="*", metavar="WHAT", help=", ".join(WHAT))
    chosen = parser.parse_args().what or list(WHAT)
    logging.basicConfig(level=logging.ERROR)
    broken = 0
    for name in chosen:
        with tempfile.TemporaryDirectory(prefix="bloodtwin-survival-") as scratch:
            broken += WHAT[name](Path(scratch))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
