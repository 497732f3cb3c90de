"""Scheduled retraining and ingestion, off until someone switches them on in the UI."""

import os
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from bloodtwin_assets.jobs import ingestion, retraining
from bloodtwin_core.common.errors import SettingsError

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
    """The run config of scheduled runs, as it stands now."""
    return read_run_config(Path(os.environ.get(CONFIG_VARIABLE) or DEFAULT_CONFIG))


def read_run_config(path: Path) -> dict[str, Any]:
    """The run config in a YAML file. Raises SettingsError if there is none."""
    todo = f"Let {CONFIG_VARIABLE} name a run config file such as {DEFAULT_CONFIG}"
    try:
        config = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"{path.absolute()} could not be read as YAML ({error}). {todo}") from error
    if not isinstance(config, dict):
        raise SettingsError(f"{path.absolute()} holds no run config. {todo}")
    return config
