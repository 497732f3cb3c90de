"""One kill of a run's whole process group, what it broke, and what the next run makes of it."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.survival.runs import DONE, KilledAt, Stage, kill_after, start, whole_run
from bloodtwin_core.config import Settings


@dataclass(frozen=True)
class Killed:
    """A run to be killed: where it begins from, its stages and settings, and how what it left is judged.

    lost tells what is wrong right after the kill, wrong_after what is wrong after the next run, both in words.
    """

    begin: Path
    stages: tuple[Stage, ...]
    settings: Settings
    lost: Callable[[Path], Iterable[str]]
    wrong_after: Callable[[Path], Iterable[str]]

    def faults(self, scratch: Path, moment: float | KilledAt) -> list[str] | None:
        """Everything that a kill broke, after so many seconds or at a rename; None if there is no such rename."""
        folder, said = scratch / "run", scratch / "said.txt"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.begin, folder)
        work = partial(whole_run, folder, self.settings, self.stages)
        if isinstance(moment, KilledAt):
            process = start(work, said, moment)
            process.join()
            if process.exitcode == DONE:
                return None
        elif not kill_after(start(work, said), moment):
            return []
        broken = list(self.lost(folder))
        again = start(work, said)
        again.join()
        if again.exitcode != DONE:
            return [*broken, f"the next run: {said.read_text()[-500:]}"]
        return [*broken, *self.wrong_after(folder)]
