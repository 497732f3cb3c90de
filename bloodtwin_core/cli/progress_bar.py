"""A progress bar on stderr, where that is a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from bloodtwin_core.common.progress import Progress, Step

_FORMAT = "{desc} {bar} {n_fmt}/{total_fmt} {elapsed}"


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """What shows each step that it is given; the bar is gone when the block ends, so that the report stands alone."""
    with tqdm(disable=None, leave=False, file=sys.stderr, bar_format=_FORMAT) as bar:

        def show(step: Step) -> None:
            bar.total = step.total
            bar.n = step.done
            bar.set_description_str(step.what)

        yield show
