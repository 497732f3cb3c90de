"""Runs that are too old to be of use: Dagster's own storage forgets nothing by itself."""

from datetime import datetime

import dagster as dg

from bloodtwin_assets.common.identity import MODEL_TAG

AT_ONCE = 100
"""Runs forgotten at most by one call, so that the first of them does not take long."""


def forget_old_runs(instance: dg.DagsterInstance, model: str, before: datetime) -> int:
    """Delete the runs of a model that ended and were created before a moment, with their events; how many."""
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    old = dg.RunsFilter(statuses=ended, created_before=before, tags={MODEL_TAG: model})
    records = instance.get_run_records(old, limit=AT_ONCE, ascending=True)
    for record in records:
        instance.delete_run(record.dagster_run.run_id)
    return len(records)
