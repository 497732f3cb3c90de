"""A stage owns its store from its first line to its last, and stops when it is asked to."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from bloodtwin_core.common.interrupts import lasting_interrupts
from bloodtwin_core.pipeline.artifacts import ArtifactStore

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def owning(
    stage: Callable[Concatenate[ArtifactStore, Parameters], Result],
) -> Callable[Concatenate[ArtifactStore, Parameters], Result]:
    """Let a stage hold the lock of its store, which is its first argument.

    Where the store's owner holds it already, for a whole run, nothing changes. The stage raises FolderInUse besides.
    """

    @functools.wraps(stage)
    def run(store: ArtifactStore, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        with store.owned(), lasting_interrupts():
            return stage(store, *args, **kwargs)

    return run
