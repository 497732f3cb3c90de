"""Runs whose steps are processes of their own (Dagster's multiprocess executor), told from those of one process."""

import multiprocessing
import os

import dagster as dg


def process_of_run(context: dg.InitResourceContext) -> int | None:
    """The number of the process that starts this one as a step of its run; None where a run is one process.

    A run is itself a child where the UI starts it, so that a parent alone tells nothing: Dagster writes down the number
    of each process that it starts for a step.
    """
    parent = multiprocessing.parent_process()
    if parent is None or context.run is None or context.instance is None:
        return None
    started = context.instance.all_logs(context.run.run_id, of_type=dg.DagsterEventType.STEP_WORKER_STARTED)
    return parent.pid if os.getpid() in [entry.get_dagster_event().pid for entry in started] else None
