"""Scheduled ingestion and live forecasts, off until someone switches them on in the UI; automation.py retrains."""

import dagster as dg

from bloodtwin_assets.configured import CONFIG_VARIABLE, DEFAULT_CONFIG, scheduled
from bloodtwin_assets.jobs import ingestion, live, night

EVERY_SIX_HOURS = "30 */6 * * *"
EVERY_FIVE_MINUTES = "*/5 * * * *"
EVERY_NIGHT_AT_3 = "0 3 * * *"


@dg.schedule(
    job=ingestion,
    cron_schedule=EVERY_SIX_HOURS,
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Fetches every six hours what is new in the cloud or site that data.source names, with the settings in "
    f"the file that {CONFIG_VARIABLE} names ({DEFAULT_CONFIG} if it names none).",
)
def regular_ingestion() -> dg.RunRequest:
    """One run every six hours, with the settings as they stand in the file then."""
    return dg.RunRequest(run_config=scheduled().for_dagster())


@dg.schedule(
    job=live,
    cron_schedule=EVERY_FIVE_MINUTES,
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Fetches and forecasts every five minutes, for those without the live service, with the settings in "
    f"the file that {CONFIG_VARIABLE} names ({DEFAULT_CONFIG} if it names none).",
)
def live_forecasts() -> dg.RunRequest:
    """One run every five minutes, with the settings as they stand in the file then."""
    return dg.RunRequest(run_config=scheduled().for_dagster())


@dg.schedule(
    job=night,
    cron_schedule=EVERY_NIGHT_AT_3,
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Compares every night at 03:00 UTC yesterday's live forecasts with what the batch gives on the same "
    f"day, with the settings in the file that {CONFIG_VARIABLE} names ({DEFAULT_CONFIG} if it names none).",
)
def nightly_comparison() -> dg.RunRequest:
    """One run a night, with the settings as they stand in the file then."""
    return dg.RunRequest(run_config=scheduled().for_dagster())
