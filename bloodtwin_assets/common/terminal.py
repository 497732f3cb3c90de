"""The terminal in which a command runs: while a stage runs, Dagster leads its stdout and stderr elsewhere."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TextIO


def terminal_of(stream: TextIO) -> TextIO | None:
    """A second way to the terminal that the stream writes to, which stays when the stream is led elsewhere."""
    return os.fdopen(os.dup(stream.fileno()), "w") if stream.isatty() else None


COMMAND_TERMINAL = terminal_of(sys.stdout)
"""Looked for when the definitions load, which is before any stage runs; None where the output is no terminal."""


@contextmanager
def drawing_on(terminal: TextIO | None) -> Iterator[None]:
    """Meanwhile, let progress bars be drawn on the terminal; without one, change nothing."""
    if terminal is None:
        yield
        return
    with redirect_stdout(terminal):
        yield
