"""From a command's arguments to the settings of the group data."""

import argparse
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.pipeline.run_config import assign
from bloodtwin_core.pipeline.setting_faults import first_fault
from bloodtwin_core.sources.settings import data_model


def add_set_option(parser: argparse.ArgumentParser, what: str) -> None:
    """The option --set, the same in every subcommand that has it."""
    parser.add_argument("--set", metavar="SETTING=VALUE", action="append", default=[], help=f"{what}; may be repeated")


def add_pump_option(parser: argparse.ArgumentParser, what: str) -> None:
    """The option --pump, the same in every subcommand that has it."""
    parser.add_argument("--pump", metavar="ID", action="append", default=[], help=f"{what}; may be repeated")


def data_settings(
    source: str, folder: str, pump_ids: Sequence[str], wearers: Sequence[str], assignments: Sequence[str]
) -> DataSettings:
    """Settings as `--set SETTING=VALUE`, `--pump` and `--wearer` give them. Raises SettingsError for what is wrong."""
    groups: dict[str, Any] = {}
    for assignment in assignments:
        assign(groups, f"data.{assignment.removeprefix('data.')}")
    given = {**groups.get("data", {}), "source": source, "root": folder}
    if pump_ids:
        given["pump_ids"] = list(pump_ids)
    if wearers:
        given |= {"wearers": dict(_wearer(text) for text in wearers), "join_wearers": True}
    try:
        return data_model().model_validate(given)
    except ValidationError as error:
        raise SettingsError(f"the settings are wrong: {first_fault(error, data_model(), 'data')}") from None


def _wearer(text: str) -> tuple[str, list[str]]:
    name, _, pumps = text.partition("=")
    pump_ids = [pump.strip() for pump in pumps.split(",") if pump.strip()]
    if not name or not pump_ids:
        raise SettingsError(f"--wearer {text}: write NAME=ID,ID, such as anna=881235,901161")
    return name, pump_ids
