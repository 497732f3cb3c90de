"""Old runs of the model are forgotten; those of others, and those at work, stay."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from bloodtwin_assets.common.identity import MODEL_TAG
from bloodtwin_assets.definitions import build_defs
from bloodtwin_assets.publishing.forgetting import forget_old_runs


def test_old_runs_that_ended_are_forgotten() -> None:
    instance = dg.DagsterInstance.ephemeral()
    job = build_defs().resolve_job_def("ingestion")
    done, working = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.STARTED
    runs = [("tiny", done), ("tiny", working), ("other", done)]
    ids = [instance.create_run_for_job(job, status=status, tags={MODEL_TAG: model}).run_id for model, status in runs]
    now = datetime.now(UTC)
    assert forget_old_runs(instance, "tiny", now - timedelta(days=1)) == 0
    assert forget_old_runs(instance, "tiny", now + timedelta(days=1)) == 1
    assert [instance.has_run(run) for run in ids] == [False, True, True]
