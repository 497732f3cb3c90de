"""Old runs of the model are forgotten with all that is kept of them; those of others, and those at work, stay."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from bloodtwin_assets.common.forgetting import forget_old_runs
from bloodtwin_assets.common.identity import MODEL_TAG
from bloodtwin_assets.definitions import build_defs

DONE, WORKING = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.STARTED
DAY = timedelta(days=1)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """One with files, as `make ui` has it."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


def made(instance: dg.DagsterInstance, model: str, status: dg.DagsterRunStatus, job: str = "ingestion") -> str:
    definition = build_defs().resolve_job_def(job)
    run = instance.create_run_for_job(definition, status=status, tags={MODEL_TAG: model})
    instance.report_engine_event("something", run)
    with instance.compute_log_manager.capture_logs([run.run_id, "compute_logs", "step"]):
        pass
    return run.run_id


def test_old_runs_that_ended_are_forgotten_with_their_files(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    old, *others = (made(instance, *run) for run in (("tiny", DONE), ("tiny", WORKING), ("other", DONE)))
    assert [path for path in tmp_path.rglob("*") if old in path.name]
    now = datetime.now(UTC)
    assert forget_old_runs(instance, "tiny", now - DAY) == 0
    assert forget_old_runs(instance, "tiny", now + DAY) == 1
    assert [instance.has_run(run) for run in (old, *others)] == [False, True, True]
    assert [path for path in tmp_path.rglob("*") if old in path.name] == []
    assert all([path for path in tmp_path.rglob("*") if run in path.name] for run in others)


def test_those_of_one_job_alone(instance: dg.DagsterInstance) -> None:
    runs = [made(instance, "tiny", DONE, job) for job in ("ingestion", "live")]
    assert forget_old_runs(instance, "tiny", datetime.now(UTC) + DAY, "live") == 1
    assert [instance.has_run(run) for run in runs] == [True, False]
