"""Runs that are too old to be of use: Dagster's own storage forgets nothing by itself."""

from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage

from bloodtwin_assets.common.identity import MODEL_TAG

ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
AT_ONCE = 500
"""Runs forgotten at most by one call, so that the first of them does not take long."""


def forget_old_runs(
    instance: dg.DagsterInstance, model: str, before: datetime, job: str | None = None, at_once: int = AT_ONCE
) -> int:
    """Delete the runs of a model that ended and were created before a moment, of one job or of all; how many.

    Their events go, and what was caught of their output.
    """
    old = dg.RunsFilter(statuses=list(ENDED), created_before=before, tags={MODEL_TAG: model}, job_name=job)
    records = instance.get_run_records(old, limit=at_once, ascending=True)
    for run in (record.dagster_run.run_id for record in records):
        instance.delete_run(run)
        instance.compute_log_manager.delete_logs(prefix=[run])
        _remove_event_file(instance, run)
    return len(records)


def _remove_event_file(instance: dg.DagsterInstance, run: str) -> None:
    """SQLite keeps a file for each run, of which deleting its events leaves an empty one."""
    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        for ending in ("", "-wal", "-shm"):
            Path(f"{storage.path_for_shard(run)}{ending}").unlink(missing_ok=True)
