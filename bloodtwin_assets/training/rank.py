"""One process of a training that several share, whose log goes to the Dagster run by Dagster Pipes.

torchrun starts it by its path, and only the first process speaks: it imports nothing of the graph.
"""

import logging
import os
import sys
from pathlib import Path

from dagster_pipes import PipesContext, open_dagster_pipes

from bloodtwin_core.common.logged import logged_to
from bloodtwin_core.training.processes.rank import train_rank


class _PipesHandler(logging.Handler):
    def __init__(self, pipes: PipesContext) -> None:
        super().__init__()
        self.pipes = pipes

    def emit(self, record: logging.LogRecord) -> None:
        self.pipes.log.log(record.levelno, record.getMessage())


def main() -> None:
    """The program: one argument, the order."""
    order = Path(sys.argv[1])
    if os.environ["RANK"] != "0":
        train_rank(order)
        return
    with open_dagster_pipes() as pipes, logged_to(_PipesHandler(pipes)):
        train_rank(order)


if __name__ == "__main__":
    main()
