"""How the processes of a training are started; light, so that whoever starts them another way can say so."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

NODES_VARIABLE = "PET_NNODES"
"""torchrun's own: where several machines train together, each is told of the others by its variables PET_*."""
TORCHRUN_VARIABLE = "BLOODTWIN_TORCHRUN_PID"
"""Which torchrun started a process, if this program started that one."""
_SOURCE = Path(__file__).parents[3]
"""Where this program lies, which the processes must be of too."""


def run_command(command: Sequence[str]) -> int:
    """Run a command to its end, its output on stderr, and return its exit code; whatever happens, it ends."""
    child = subprocess.Popen(command, env=environment(), stdout=sys.stderr, process_group=0)
    try:
        return child.wait()
    finally:
        child.terminate()
        child.wait()


@dataclass(frozen=True)
class Launcher:
    """How processes are started: program is what each of them runs, run starts torchrun and gives its exit code."""

    program: tuple[str, ...] = ("-m", "bloodtwin_core.training.processes.rank")
    run: Callable[[Sequence[str]], int] = run_command


def environment() -> dict[str, str]:
    """The environment of the processes: they are of this program, wherever it lies."""
    path = os.pathsep.join([str(_SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", "OMP_NUM_THREADS": "1"}
