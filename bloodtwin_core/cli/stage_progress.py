"""How far a run is: a bar for the stage at work on a terminal, a line for each finished stage anywhere."""

import sys
import time
from contextlib import ExitStack
from typing import Self

from tqdm import tqdm

from bloodtwin_core.cli.progress_bar import progress_bar
from bloodtwin_core.cli.run_log import RunLog
from bloodtwin_core.common.progress import Step

_LONGEST = 60
"""Characters of what a stage says that stand beside its bar."""


class StageProgress:
    """Shows on stderr what a run's log tells; a context, which clears the bar at its end."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._stage = ""
        self._since = time.monotonic()

    def __enter__(self) -> Self:
        self._progress = self._open.enter_context(progress_bar())
        self._progress(Step(0, 1, "starting"))
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    def show(self, log: RunLog, finished: str | None) -> None:
        """Take over what the log has heard; finished is a stage that it heard the end of just now."""
        if log.stage != self._stage:
            self._stage, self._since = log.stage, time.monotonic()
        if finished:
            tqdm.write(f"  {finished:<26}{time.monotonic() - self._since:8.1f} s", file=sys.stderr)
        if log.stage:
            said = f": {log.said[:_LONGEST]}" if log.said else ""
            self._progress(Step(log.done, max(log.total, log.done, 1), f"{log.stage}{said}"))
