"""Runs whose process is gone, as after a machine was restarted: they count as failed, and Dagster tries them again.

Dagster's own launcher does not look whether the process of a run lives. Such a run would hold its place, and with it
every other run, until `run_monitoring` ends it after a day.
"""

import os
import socket

import dagster as dg
from dagster._core.storage.tags import HIDDEN_TAG_PREFIX
from pydantic import BaseModel, ConfigDict, ValidationError

from bloodtwin_assets.common.step_processes import process_of_run
from bloodtwin_core.common.processes import NamedProcess

PROCESS_TAG = f"{HIDDEN_TAG_PREFIX}bloodtwin_process"
"""Tag of a run, which the UI does not show."""


class ProcessOfRun(BaseModel):
    """The process that a run works in, or that starts its steps, and the computer that it runs on.

    run: whose it is, because a run that is tried again begins with the tags of the one before.
    """

    model_config = ConfigDict(frozen=True)

    run: str
    process: NamedProcess
    host: str

    @property
    def is_gone(self) -> bool:
        """Whether it has ended; of another computer's nobody knows that here."""
        return self.host == socket.gethostname() and not self.process.runs


def process_tag(context: dg.InitResourceContext) -> dict[str, str]:
    """The tag that names this process as the run's; none where the system is not asked."""
    process = NamedProcess.of(process_of_run(context) or os.getpid())
    if process is None or context.run is None:
        return {}
    told = ProcessOfRun(run=context.run.run_id, process=process, host=socket.gethostname())
    return {PROCESS_TAG: told.model_dump_json()}


@dg.sensor(
    name="lost_runs",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Lets a run whose process is gone, as after a machine was restarted, count as failed, so that it is "
    "tried again (run_retries in configs/dagster.yaml) and others can begin.",
)
def lost_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Look at every run that is said to be at work; nothing is run."""
    lost = give_up_lost_runs(context.instance)
    return dg.SkipReason(f"{len(lost)} runs were lost: {', '.join(lost)}" if lost else "no run is lost")


def give_up_lost_runs(instance: dg.DagsterInstance) -> list[str]:
    """Let each run at work whose process is gone count as failed; which those were."""
    at_work = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    lost = [run for run in at_work if _is_lost(run) and _is_at_work(instance, run)]
    for run in lost:
        instance.report_run_failed(run, "The process of this run is gone: it was killed, or the machine restarted.")
    return [run.run_id for run in lost]


def _is_lost(run: dg.DagsterRun) -> bool:
    try:
        told = ProcessOfRun.model_validate_json(run.tags.get(PROCESS_TAG, ""))
    except ValidationError:  # It has come to no resource yet, or another program began it.
        return False
    return told.run == run.run_id and told.is_gone


def _is_at_work(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether it still is: a process may have told how its run ended, and gone, since the runs were listed."""
    now = instance.get_run_by_id(run.run_id)
    return now is not None and now.status is dg.DagsterRunStatus.STARTED
