"""From the command's arguments to the settings of the group data."""

from collections.abc import Sequence
from typing import Any

import yaml
from pydantic import ValidationError

from bloodtwin_core.common.errors import SettingsError, in_brief
from bloodtwin_core.config import DataSettings
from bloodtwin_core.sources.settings import data_model


def data_settings(
    source: str, folder: str, pump_ids: Sequence[str], wearers: Sequence[str], assignments: Sequence[str]
) -> DataSettings:
    """Settings as `--set SETTING=VALUE`, `--pump` and `--wearer` give them. Raises SettingsError for what is wrong."""
    given: dict[str, Any] = {}
    for assignment in assignments:
        _assign(given, assignment)
    given |= {"source": source, "root": folder}
    if pump_ids:
        given["pump_ids"] = list(pump_ids)
    if wearers:
        given |= {"wearers": dict(_wearer(text) for text in wearers), "join_wearers": True}
    try:
        return data_model().model_validate(given)
    except ValidationError as error:
        raise SettingsError(f"the settings are wrong: data.{in_brief(error)}") from None


def _assign(given: dict[str, Any], assignment: str) -> None:
    name, equals, text = assignment.partition("=")
    *groups, field = name.removeprefix("data.").split(".")
    if not equals or not field or not all(groups):
        raise SettingsError(f"--set {assignment}: write SETTING=VALUE, such as events.glucose_unit=mmol/L")
    place = given
    for group in groups:
        place = place.setdefault(group, {})
        if not isinstance(place, dict):
            raise SettingsError(f"--set {assignment}: data.{group} is a value, not a group of settings")
    try:
        place[field] = yaml.safe_load(text) if text else ""
    except yaml.YAMLError:
        raise SettingsError(f"--set {assignment}: '{text}' is no value; quote what has special characters") from None


def _wearer(text: str) -> tuple[str, list[str]]:
    name, _, pumps = text.partition("=")
    pump_ids = [pump.strip() for pump in pumps.split(",") if pump.strip()]
    if not name or not pump_ids:
        raise SettingsError(f"--wearer {text}: write NAME=ID,ID, such as anna=881235,901161")
    return name, pump_ids
