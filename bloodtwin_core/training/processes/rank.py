"""`python -m bloodtwin_core.training.processes.rank ORDER`: one of the processes of a training, started by torchrun."""

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from bloodtwin_core.common.errors import BloodTwinError, in_brief
from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.common.logged import logged_to
from bloodtwin_core.common.processes import die_with_parent
from bloodtwin_core.training.checkpoint_folder import EpochReport
from bloodtwin_core.training.compute import choose_compute
from bloodtwin_core.training.processes.launcher import TORCHRUN_VARIABLE
from bloodtwin_core.training.processes.order import EPOCHS, FAILURE, Order, Result
from bloodtwin_core.training.task import train_here
from bloodtwin_core.training.trainer import Ranks


def ranks() -> Ranks:
    """Which of how many processes this one is, as torchrun says."""
    told = {name: int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")}
    return Ranks(rank=told["RANK"], all=told["WORLD_SIZE"], local=told["LOCAL_WORLD_SIZE"])


def train_rank(order: Path, on_epoch: Callable[[EpochReport], None] = lambda _report: None) -> None:
    """Do this process's part; the first one leaves what came of it beside the order, and why it failed if it did."""
    torchrun = os.environ.get(TORCHRUN_VARIABLE)
    die_with_parent(int(torchrun) if torchrun else None)
    leave_at_once()
    me, folder = ranks(), order.parent

    def tell(report: EpochReport) -> None:
        if not me.rank:
            with (folder / EPOCHS).open("a", encoding="utf-8") as file:
                file.write(f"{report.model_dump_json()}\n")
            on_epoch(report)

    try:
        told = Order.read(order)
        trained = train_here(told.task(), choose_compute(told.training, told.model.cell), tell, ranks=me)
    except BloodTwinError as error:
        _leave_why(folder, str(error))
        raise
    except Exception as error:
        # When one fails the others do too, for want of it: what was the first, or is in words, is not written over.
        if not (folder / FAILURE).exists():
            _leave_why(folder, f"{type(error).__name__}: {in_brief(error)}")
        raise
    if not me.rank:
        Result.write(trained, folder)


def _leave_why(folder: Path, why: str) -> None:
    with atomic_write(folder / FAILURE) as path:
        path.write_text(why, "utf-8")


def leave_at_once() -> None:
    """Let an interrupt end this process where it stands, also while it waits for another in torch, deaf to Python.

    Nothing is lost: checkpoints are written beside their place and renamed. Lightning would first ask the others.
    """
    heard, wakes = socket.socketpair()
    wakes.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)

    def listen(kept: socket.socket) -> None:
        while kept and (number := heard.recv(1)):
            if number[0] in (signal.SIGINT, signal.SIGTERM):
                os._exit(128 + number[0])

    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    # The thread keeps wakes too, which would else be closed at the end of this function.
    threading.Thread(target=listen, args=(wakes,), daemon=True).start()


def main() -> None:
    """The program."""
    with logged_to(logging.StreamHandler(sys.stderr)):
        train_rank(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
