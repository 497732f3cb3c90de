"""The file of settings that the command, the UI and the schedules share."""

import os
from pathlib import Path

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.pipeline.run_config import RunConfig, read_run_config

CONFIG_VARIABLE = "BLOODTWIN_CONFIG"
"""Environment variable that names the file, which is read anew for every run of the UI and every tick of a schedule."""
DEFAULT_CONFIG = "configs/lstm.yaml"


def configured() -> RunConfig:
    """What the file says now; without the variable, every setting at its default. Raises SettingsError."""
    named = os.environ.get(CONFIG_VARIABLE)
    return _read(Path(named)) if named else RunConfig({})


def scheduled() -> RunConfig:
    """The same for schedules, which take DEFAULT_CONFIG where the variable names no file. Raises SettingsError."""
    return _read(Path(os.environ.get(CONFIG_VARIABLE) or DEFAULT_CONFIG).absolute())


def _read(path: Path) -> RunConfig:
    try:
        config = read_run_config(path)
        config.settings()
    except SettingsError as error:
        todo = f"Let {CONFIG_VARIABLE} name a file of settings such as {DEFAULT_CONFIG}"
        raise SettingsError(f"{_named(path, error)}. {todo}") from error
    return config


def _named(path: Path, error: SettingsError) -> str:
    """A wrong value is told without the file that holds it."""
    return str(error) if str(path) in str(error) else f"{path}: {error}"
