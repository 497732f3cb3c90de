"""What happened since somebody was last told: failed runs and checks, refused models, stale data, missed hours."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import dagster as dg
from dagster._utils.schedules import get_latest_completed_cron_tick

from bloodtwin_assets.automation import MODEL, RECORDS
from bloodtwin_assets.common.identity import MODEL_TAG
from bloodtwin_assets.configured import configured
from bloodtwin_core.config import Settings
from bloodtwin_core.publishing.telling import ADDRESS_VARIABLE, Notice, address, tell

ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
LONGEST_MEMORY = 200
LATE = timedelta(hours=6)
"""How long after its hour a retraining may begin: another run may be at work."""


class Memory(NamedTuple):
    """What the sensor knows of before: when it last looked (seconds since 1970), and what it told of."""

    since: float
    told: list[str]


@dg.sensor(
    name="tell_of_trouble",
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description=f"Tells, at the address in {ADDRESS_VARIABLE}, of failed runs and checks, a model that was refused, "
    "stale records and a retraining that did not begin at its hour. Needs the extra notify.",
)
def tell_of_trouble(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Tell what is new, once; nothing is run. Where the message is not taken, it is tried again the next time."""
    to, now = address(), datetime.now(UTC)
    if not to:
        return dg.SkipReason(f"{ADDRESS_VARIABLE} is not set: nobody is told")
    settings = configured().settings()
    memory = Memory(*json.loads(context.cursor)) if context.cursor else Memory(now.timestamp(), [])
    found = list(troubles(context.instance, settings, datetime.fromtimestamp(memory.since, UTC), now))
    new = [notice for notice in found if notice.about not in memory.told]
    if new and not tell(settings.model.name, new, to):
        return dg.SkipReason(f"{len(new)} messages were not taken; see the log")
    about = [*memory.told, *(notice.about for notice in new)]
    context.update_cursor(json.dumps([now.timestamp(), about[-LONGEST_MEMORY:]]))
    return dg.SkipReason(f"told of {len(new)}" if new else "nothing new")


def troubles(instance: dg.DagsterInstance, settings: Settings, since: datetime, now: datetime) -> Iterator[Notice]:
    """Everything between two moments that somebody should know, and what lasts."""
    yield from _of_runs(instance, settings, since)
    yield from _stale(instance, settings, now)
    yield from _missed(instance, settings, now)


def _of_runs(instance: dg.DagsterInstance, settings: Settings, since: datetime) -> Iterator[Notice]:
    tags = {MODEL_TAG: settings.model.name}
    for record in instance.get_run_records(dg.RunsFilter(statuses=ENDED, updated_after=since, tags=tags)):
        run = record.dagster_run
        if run.status is dg.DagsterRunStatus.FAILURE:
            yield Notice(run.run_id, f"Run {run.run_id[:8]} failed; its page says why")
        events = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
        for event in events:
            check = event.event_log_entry.get_dagster_event().asset_check_evaluation_data
            if not check.passed:
                name = f"{check.asset_key.to_user_string()} {check.check_name}"
                yield Notice(f"{run.run_id} {name}", f"{name}: {check.description or 'not passed'}")


def _stale(instance: dg.DagsterInstance, settings: Settings, now: datetime) -> Iterator[Notice]:
    limit = timedelta(days=settings.publishing.stale_days)
    for key in (RECORDS, MODEL):
        last = _last(instance, key)
        if last and now - last > limit:
            yield Notice(
                f"{key} stale {last}", f"{key.to_user_string()} is stale: the last is of {last:%Y-%m-%d %H:%M} UTC"
            )


def _missed(instance: dg.DagsterInstance, settings: Settings, now: datetime) -> Iterator[Notice]:
    due = get_latest_completed_cron_tick(settings.publishing.cron, now - LATE, settings.publishing.time_zone)
    last = _last(instance, RECORDS)
    if last and last < due:
        yield Notice(
            f"missed {due}", f"No retraining began since its hour, {due:%Y-%m-%d %H:%M %Z}: is the UI running?"
        )


def _last(instance: dg.DagsterInstance, key: dg.AssetKey) -> datetime | None:
    """When an asset was last materialized."""
    event = instance.get_latest_materialization_event(key)
    return datetime.fromtimestamp(event.timestamp, UTC) if event else None
