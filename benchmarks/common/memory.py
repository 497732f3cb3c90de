"""Peak memory of a process, with and without the pages of mapped files."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common.watching import watched

KIB_PER_MIB = 1024


@dataclass
class Peak:
    """MiB: all resident pages, and those that no file backs."""

    resident: float = 0.0
    anonymous: float = 0.0


@contextmanager
def peak_memory(every_seconds: float = 0.02) -> Iterator[Peak]:
    """Watch this process meanwhile; Linux only, as /proc is read."""
    peak = Peak()
    with watched(lambda: _look(peak), every_seconds):
        yield peak


def highest_resident() -> float:
    """MiB of all resident pages at their peak since this process began; Linux only."""
    # Not resource.getrusage, whose peak includes the process that started this one.
    return int(_status()["VmHWM"].split()[0]) / KIB_PER_MIB


def _look(peak: Peak) -> None:
    fields = _status()
    peak.resident = max(peak.resident, int(fields["VmRSS"].split()[0]) / KIB_PER_MIB)
    peak.anonymous = max(peak.anonymous, int(fields["RssAnon"].split()[0]) / KIB_PER_MIB)


def _status() -> dict[str, str]:
    """What the kernel says of this process, by name."""
    return dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
