"""Scheduled retraining and ingestion, off until someone switches them on in the UI."""

import os
from pathlib import Path
from typing import Any

import dagster as dg

from bloodtwin_assets.jobs import ingestion, retraining
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.pipeline.run_config import read_run_config

CONFIG_VARIABLE = "BLOODTWIN_CONFIG"
"""Environment variable that names the run config file of scheduled runs, read anew at every tick."""
DEFAULT_CONFIG = "configs/lstm.yaml"
EVERY_MONDAY_AT_4 = "0 4 * * 1"
EVERY_SIX_HOURS = "30 */6 * * *"


@dg.schedule(
    job=retraining,
    cron_schedule=EVERY_MONDAY_AT_4,
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description=f"Retrains every Monday at 04:00 UTC with the settings in the file that {CONFIG_VARIABLE} names "
    f"({DEFAULT_CONFIG} if it names none).",
)
def weekly_retraining() -> dg.RunRequest:
    """One run a week, with the settings as they stand in the file then."""
    return dg.RunRequest(run_config=configured())


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
    return dg.RunRequest(run_config=configured())


def configured() -> dict[str, Any]:
    """The run config of scheduled runs, as it stands now. Raises SettingsError if its file has none."""
    path = Path(os.environ.get(CONFIG_VARIABLE) or DEFAULT_CONFIG).absolute()
    try:
        return read_run_config(path).for_dagster()
    except SettingsError as error:
        todo = f"Let {CONFIG_VARIABLE} name a file of settings such as {DEFAULT_CONFIG}"
        raise SettingsError(f"{error}. {todo}") from error
