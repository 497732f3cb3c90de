"""Processes that share a training, started by Dagster Pipes: their log is the run's, and cancelling it ends them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.errors import DagsterPipesExecutionError

if TYPE_CHECKING:
    from bloodtwin_core.training.processes.launcher import Launcher


RANK = Path(__file__).with_name("rank.py")
_MOST_SECONDS = 8.0
"""In which torchrun has to end when the run is cancelled."""


def launched_by_pipes(context: dg.AssetExecutionContext) -> "Launcher":
    """What starts the processes of the asset that is being materialized."""
    from bloodtwin_core.training.processes.launcher import Launcher, environment

    def run(command: Sequence[str]) -> int:
        client = dg.PipesSubprocessClient(env=environment(), termination_timeout_seconds=_MOST_SECONDS)
        try:
            client.run(context=context, command=command)
        except DagsterPipesExecutionError:
            return 1
        return 0

    return Launcher(program=(str(RANK),), run=run)
