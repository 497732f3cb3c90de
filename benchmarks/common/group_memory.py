"""Memory of a process and of all that it started, together; Linux only, as /proc is read."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common.watching import watched

KIB_PER_MIB = 1024
_PARENT = 1
"""Field of /proc/PID/stat after the name of the program, proc_pid_stat(5)."""


@dataclass
class GroupPeak:
    """MiB of all processes together, a page that several share counted once; and of the largest of them."""

    together: float = 0.0
    largest: float = 0.0


@contextmanager
def peak_of_group(pid: int, every_seconds: float = 0.5) -> Iterator[GroupPeak]:
    """Watch a process and its descendants meanwhile."""
    peak = GroupPeak()

    def look() -> None:
        sizes = [_proportional(each) for each in _with_descendants(pid)]
        peak.together = max(peak.together, sum(sizes))
        peak.largest = max(peak.largest, *sizes)

    with watched(look, every_seconds):
        yield peak


def _with_descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[_PARENT])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def _proportional(pid: int) -> float:
    """Its share of the pages in memory (Pss), MiB; 0 for one that has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / KIB_PER_MIB
    return 0.0
