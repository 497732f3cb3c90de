"""bloodtwin_core's log lines in the log of the Dagster run."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

from bloodtwin_core.common.logged import logged_to


class _RunLogHandler(logging.Handler):
    def __init__(self, run_log: logging.Logger) -> None:
        super().__init__()
        self.run_log = run_log

    def emit(self, record: logging.LogRecord) -> None:
        self.run_log.log(record.levelno, record.getMessage())


@contextmanager
def core_log_in(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Meanwhile, pass what bloodtwin_core logs on to the run. It needs no instance settings, so it works everywhere."""
    with logged_to(_RunLogHandler(context.log)):
        yield


def progress_in(context: dg.AssetExecutionContext, what: str) -> Callable[[int, int], None]:
    """A listener that logs every tenth of the way."""
    tenths_logged = 0

    def report(done: int, total: int) -> None:
        nonlocal tenths_logged
        tenths = 10 * done // total
        if tenths > tenths_logged:
            tenths_logged = tenths
            context.log.info("%s: %s of %s", what, f"{done:,}", f"{total:,}")

    return report
