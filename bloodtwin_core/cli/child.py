"""A child process whose output is read line by line, and which never outlives an interrupted parent."""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

from bloodtwin_core.cli.signals import TERMINATED

_PARENT_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of prctl(2), Linux."""


@contextmanager
def started(
    command: Sequence[str], environment: Mapping[str, str], *, heard: bool = True
) -> Iterator[subprocess.Popen[str]]:
    """The child, stderr in its stdout; the block reads `lines_of(child)` to the end.

    If it is not heard, it says what it says on the terminal, and the block may end at once: the child is waited for.

    It has a process group of its own, so that an interrupt reaches it once, from here, whether a terminal or a program
    sent it. If the block is left by an exception it is interrupted and waited for: what it was writing it finishes or
    undoes. Where this process is killed, the child is terminated (on Linux). A Python child does not import from the
    folder it is started in: a click.py of the user there would stand in for the package of that name.
    """
    hangup = signal.signal(signal.SIGHUP, _hung_up) if hasattr(signal, "SIGHUP") else None
    child = subprocess.Popen(
        command,
        env={**environment, "PYTHONSAFEPATH": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if heard else None,
        stderr=subprocess.STDOUT if heard else None,
        text=True,
        encoding="utf-8",
        errors="replace",
        process_group=0,
        preexec_fn=_of_this_parent,
    )
    try:
        yield child
        child.wait()
    except BaseException:
        child.send_signal(signal.SIGINT)
        raise
    finally:
        # A second interrupt ends the wait; the child is then on its way out by itself.
        child.wait()
        if hangup is not None:
            signal.signal(signal.SIGHUP, hangup)


def lines_of(child: subprocess.Popen[str]) -> Iterator[str]:
    """What the child says, line by line, until it ends."""
    if child.stdout is not None:
        yield from child.stdout


def _of_this_parent() -> None:
    """In the child, before it begins: interrupts reach it from here alone, and it does not outlive its parent."""
    # A shell starts its background jobs deaf to interrupts, and children inherit that.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGTERM)


def _hung_up(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(TERMINATED)
