"""Processes that are named to others in a file, and whether they still run."""

import ctypes
import os
import signal
import sys
from pathlib import Path

from pydantic import BaseModel, ConfigDict

_STATE, _START = 0, 19
"""Fields of /proc/PID/stat after the name of the program, https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html."""
_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2), Linux."""
_ENDED = ("Z", "X", "x")


class NamedProcess(BaseModel):
    """A process of this computer. started tells it from a later one of the same number, where the system says it."""

    model_config = ConfigDict(frozen=True)

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> "NamedProcess | None":
        """The process that has this number now; None if there is none, or the system (Windows) is not asked."""
        started = _started(pid)
        return None if started is None else cls(pid=pid, started=started)

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return _started(self.pid) == self.started


def die_with_parent(parent: int | None = None) -> None:
    """Let this process be terminated when the one that started it ends, however it does; on Linux alone.

    parent is that one's number, where it is known: it may have ended already, of which the system tells nothing more.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        if parent is not None and os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


def _started(pid: int) -> str | None:
    """When a process began, in the system's own words, empty where it says nothing; None without such a process."""
    if sys.platform == "win32":  # Where signal 0 would interrupt it.
        return None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[_STATE] in _ENDED else fields[_START]
    except OSError:
        pass
    try:
        os.kill(pid, 0)
    except PermissionError:  # It is another user's, and there.
        return ""
    except (OSError, OverflowError):
        return None
    return ""
