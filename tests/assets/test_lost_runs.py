"""A run whose process is gone counts as failed and is tried once more; one that failed by itself is not."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events import JobFailureData, RunFailureReason
from dagster._core.execution.retries import auto_reexecution_should_retry_run

from bloodtwin_assets.definitions import build_defs
from bloodtwin_assets.lost_runs import PROCESS_TAG, ProcessOfRun, give_up_lost_runs, lost_runs
from bloodtwin_core.common.processes import NamedProcess

INSTANCE = Path(__file__).parents[2] / "configs" / "dagster.yaml"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows does not say when a process began")


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """As `make ui` has it."""
    shutil.copy(INSTANCE, tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        yield instance


def at_work(instance: dg.DagsterInstance, process: NamedProcess | None, host: str = "", tags_of: str = "") -> str:
    job = build_defs().resolve_job_def("ingestion")
    run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED).run_id
    if process:
        told = ProcessOfRun(run=tags_of or run, process=process, host=host or os.uname().nodename)
        instance.add_run_tags(run, {PROCESS_TAG: told.model_dump_json()})
    return run


def ended_process() -> NamedProcess:
    with subprocess.Popen(["sleep", "60"]) as child:
        process = NamedProcess.of(child.pid)
        child.kill()
    assert process is not None
    return process


def status(instance: dg.DagsterInstance, run: str) -> str:
    found = instance.get_run_by_id(run)
    assert found is not None
    return found.status.value


def test_a_run_whose_process_is_gone_is_tried_once_more(instance: dg.DagsterInstance) -> None:
    lost = at_work(instance, ended_process())
    others = [
        at_work(instance, NamedProcess.of(os.getpid())),
        at_work(instance, ended_process(), host="another computer"),
        at_work(instance, ended_process(), tags_of="the run that it tries again"),
        at_work(instance, None),
    ]
    with dg.build_sensor_context(instance=instance) as context:
        answer = lost_runs(context)
    assert isinstance(answer, dg.SkipReason)
    assert lost in (answer.skip_message or "")
    assert status(instance, lost) == "FAILURE"
    assert [status(instance, run) for run in others] == ["STARTED"] * 4
    run = instance.get_run_by_id(lost)
    assert run is not None
    assert auto_reexecution_should_retry_run(instance, run, None)


def test_one_that_ends_while_it_is_looked_at_is_left_alone(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = at_work(instance, ended_process())
    listed = instance.get_runs()
    instance.report_run_canceled(listed[0])
    monkeypatch.setattr(instance, "get_runs", lambda _: listed)
    assert give_up_lost_runs(instance) == []
    assert status(instance, run) == "CANCELED"


def test_one_that_failed_by_itself_is_not_tried_again(instance: dg.DagsterInstance) -> None:
    failed = at_work(instance, None)
    run = instance.get_run_by_id(failed)
    assert run is not None
    reason = RunFailureReason.STEP_FAILURE
    instance.report_run_failed(run, "a missed target", JobFailureData(error=None, failure_reason=reason))
    run = instance.get_run_by_id(failed)
    assert run is not None
    assert run.status is dg.DagsterRunStatus.FAILURE
    assert not auto_reexecution_should_retry_run(instance, run, reason)


def test_a_run_names_its_process(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    job = build_defs().resolve_job_def("ingestion")
    config = {"resources": {"artifacts": {"config": {"root": str(tmp_path / "out")}}}}
    result = job.execute_in_process(run_config=config, instance=instance)
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    told = ProcessOfRun.model_validate_json(run.tags[PROCESS_TAG])
    assert told.run == run.run_id
    assert told.process == NamedProcess.of(os.getpid())
    assert not told.is_gone
