"""The settings of the service, as `serve` and `wearers` take them: a file, then --set, then options of their own."""

import argparse
import os
from pathlib import Path
from typing import Any

from bloodtwin_core.cli.run_settings import CONFIG_VARIABLE
from bloodtwin_core.cli.settings import add_set_option
from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.pipeline.run_config import RunConfig, read_run_config, with_assignments, with_settings

_OPTIONS = {
    "store": "store",
    "model": "model_path",
    "address": "address",
    "port": "port",
    "certfile": "certificate",
    "keyfile": "certificate_key",
}
"""Options by name, and the settings that they say."""


def add_service_options(parser: argparse.ArgumentParser) -> None:
    """The options that both have."""
    parser.add_argument("--store", metavar="FOLDER", help="where readings are kept (bloodtwin_live)")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings, of which the group service is used")
    add_set_option(parser, "any setting of the group service, such as keep_days=30")


def service_settings(given: argparse.Namespace) -> ServiceSettings:
    """The settings that the arguments ask for; what is said later wins. Raises SettingsError."""
    named = given.config or Path(os.environ.get(CONFIG_VARIABLE) or "")
    config = read_run_config(named) if named != Path() else RunConfig({})
    config = with_assignments(config, [f"service.{text.removeprefix('service.')}" for text in given.set])
    told = {setting: getattr(given, option, None) for option, setting in _OPTIONS.items()}
    said: dict[str, Any] = {setting: value for setting, value in told.items() if value is not None}
    return with_settings(config, {"service": said}).settings().service
