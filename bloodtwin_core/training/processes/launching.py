"""train_in_processes: starts the processes of a training, hears of their epochs, and says why they failed."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bloodtwin_core.common.errors import TrainingFailed
from bloodtwin_core.training.checkpoint_folder import LAST, EpochReport
from bloodtwin_core.training.processes.launcher import NODES_VARIABLE, TORCHRUN_VARIABLE, Launcher
from bloodtwin_core.training.processes.order import EPOCHS, FAILURE, Order, Result
from bloodtwin_core.training.task import Trained, TrainingTask

_TORCHRUN = (
    "from bloodtwin_core.common.processes import die_with_parent; die_with_parent({parent}); "
    f"import os; os.environ['{TORCHRUN_VARIABLE}'] = str(os.getpid()); "
    "from torch.distributed.run import main; main()"
)
"""torchrun, which would go on if whoever started it were killed."""
_LOOK_SECONDS = 0.5


def train_in_processes(
    task: TrainingTask, on_epoch: Callable[[EpochReport], None], launcher: Launcher | None = None
) -> Trained:
    """Train by training.processes processes. Raises TrainingFailed if one of them fails or is killed."""
    launcher = launcher or Launcher()
    order = Order.write(task)
    with _heard(order.with_name(EPOCHS), on_epoch):
        code = launcher.run([*_torchrun(task.training.processes), *launcher.program, str(order)])
    if code:
        failure = order.with_name(FAILURE)
        why = failure.read_text("utf-8") if failure.exists() else f"torchrun ended with exit code {code}"
        raise TrainingFailed(
            f"a process of the training failed or was killed, and the others were ended ({why.rstrip('.')}). "
            f"{_what_is_kept(task)}"
        )
    return Result.read(order.parent)


def _what_is_kept(task: TrainingTask) -> str:
    if task.training.resume and (task.in_progress / LAST).exists():
        return "The last finished epoch is kept: start it again, and it goes on from there"
    return "There is no epoch to go on from: mend that, and start it again"


def _torchrun(processes: int) -> list[str]:
    """On several nodes torchrun's own variables say where they meet."""
    alone = [] if NODES_VARIABLE in os.environ else ["--standalone"]
    return [sys.executable, "-c", _TORCHRUN.format(parent=os.getpid()), *alone, "--nproc-per-node", str(processes)]


@contextmanager
def _heard(path: Path, on_epoch: Callable[[EpochReport], None]) -> Iterator[None]:
    """Meanwhile, tell of each epoch whose line the first process adds to the file."""
    ended, told = threading.Event(), 0

    def tell_new() -> None:
        nonlocal told
        lines = path.read_text("utf-8").split("\n")[:-1] if path.exists() else []
        for line in lines[told:]:
            told += 1
            on_epoch(EpochReport.model_validate_json(line))

    def watch() -> None:
        while not ended.wait(_LOOK_SECONDS):
            tell_new()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
    tell_new()
