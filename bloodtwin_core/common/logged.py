"""What bloodTwin logs, where the reader of a run sees it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGER = "bloodtwin_core"
"""Above the loggers of all its modules."""


@contextmanager
def logged_to(handler: logging.Handler) -> Iterator[None]:
    """Meanwhile, pass what bloodtwin_core logs, from INFO on, to the handler as well."""
    logger = logging.getLogger(_LOGGER)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
