"""Scheduled ingestion and live forecasts, off until someone switches them on in the UI; automation.py retrains."""

import dagster as dg

from bloodtwin_assets.configured import CONFIG_VARIABLE, DEFAULT_CONFIG, scheduled
from bloodtwin_assets.jobs import ingestion, live, night

EVERY_SIX_HOURS = "30 */6 * * *"
EVERY_FIVE_MINUTES = "*/5 * * * *"
EVERY_NIGHT_AT_3 = "0 3 * * *"


def _scheduled(name: str, job_name: str, cron: str, what: str) -> dg.ScheduleDefinition:
    """A schedule of one run a tick, with the settings as they stand in the file then."""

    @dg.schedule(
        name=name,
        job_name=job_name,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=f"{what}, with the settings in the file that {CONFIG_VARIABLE} names ({DEFAULT_CONFIG} if it names "
        "none).",
    )
    def tick() -> dg.RunRequest:
        return dg.RunRequest(run_config=scheduled().for_dagster())

    return tick


regular_ingestion = _scheduled(
    "regular_ingestion",
    ingestion.name,
    EVERY_SIX_HOURS,
    "Fetches every six hours what is new in the cloud or site that data.source names",
)
live_forecasts = _scheduled(
    "live_forecasts",
    live.name,
    EVERY_FIVE_MINUTES,
    "Fetches and forecasts every five minutes, for those without the live service",
)
nightly_comparison = _scheduled(
    "nightly_comparison",
    night.name,
    EVERY_NIGHT_AT_3,
    "Compares every night at 03:00 UTC yesterday's live forecasts with what the batch gives on the same day",
)
