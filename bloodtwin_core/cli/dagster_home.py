"""Where Dagster keeps its history, which a run and the UI share."""

import os
import time
from pathlib import Path

from bloodtwin_core.common.files import private_folder, storage_errors
from bloodtwin_core.common.given_files import given_path

HOME_VARIABLE = "DAGSTER_HOME"
LOGS = "run_logs"
_HOME = ".dagster_home"
_INSTANCE = Path("configs/dagster.yaml")
_SECONDS_A_DAY = 86_400
_WITHOUT_TELEMETRY = "telemetry:\n  enabled: false\nnux:\n  enabled: false\n"
"""Dagster's home where the folder has no file for it; left to itself, Dagster would tell its makers of each run."""


def dagster_home() -> Path:
    """DAGSTER_HOME, or that of the folder; made if it is not there, with telemetry off. Raises StorageError."""
    given = os.environ.get(HOME_VARIABLE)
    home = given_path(given).absolute() if given else Path.cwd() / _HOME
    with storage_errors(home):
        private_folder(home / LOGS)
        if not (home / _INSTANCE.name).exists():
            instance = _INSTANCE.read_text("utf-8") if _INSTANCE.exists() else _WITHOUT_TELEMETRY
            (home / _INSTANCE.name).write_text(instance, "utf-8")
    return home


def forget_old_logs(home: Path, days: int) -> None:
    """Remove the log files of runs that ended so many days ago. Raises StorageError."""
    with storage_errors(home / LOGS):
        for path in (home / LOGS).glob("*.log"):
            if time.time() - path.stat().st_mtime > days * _SECONDS_A_DAY:
                path.unlink()
