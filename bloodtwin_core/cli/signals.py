"""How a command leaves when it is interrupted or terminated: by an exception, so that what was begun is tidied up."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

INTERRUPTED, TERMINATED = 130, 143
"""Exit codes: 128 and the number of the signal, as shells tell it."""


def leave_by_exceptions() -> None:
    """SIGINT raises KeyboardInterrupt, unless the process was told to ignore it; SIGTERM raises SystemExit(TERMINATED).

    What Python 3.11 itself raises for an interrupt or by sys.exit has no instance yet, and pandas takes it for a
    damaged file if it comes while one is read.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)
    signal.signal(signal.SIGTERM, _terminated)


@contextmanager
def interrupts_as_such() -> Iterator[None]:
    """Lightning makes exit code 1 of an interrupt; here it is one again."""
    try:
        yield
    except SystemExit as left:
        if isinstance(left.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from left
        raise


def _interrupted(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(TERMINATED)
