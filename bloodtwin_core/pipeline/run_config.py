"""The settings of a run as people write them: a file, and `group.name=value` on a command line.

A file is YAML or JSON, in the form that Dagster takes (`resources: {settings: {config: {training: ...}}, artifacts:
{config: {root: out}}}`) or in the short one, in which the groups stand at the top (`training: ...`, `artifacts: {root:
out}`). A text may be `{env: NAME}`, the value of an environment variable when the run starts.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.common.given_files import content_of, require_nameable
from bloodtwin_core.common.shared.bucket import Address
from bloodtwin_core.config import Settings
from bloodtwin_core.pipeline.plain_yaml import from_yaml
from bloodtwin_core.pipeline.setting_faults import first_fault, nearest_name
from bloodtwin_core.sources.settings import data_model, settings_model

DEFAULT_ROOT = "artifacts"
_GROUPS = (*Settings.model_fields, "artifacts")
_OF_ARTIFACTS: Mapping[str, Any] = MappingProxyType({"root": DEFAULT_ROOT, "wait": False, "shared": ""})
_LARGEST = 1 << 17
"""Bytes of a file of settings; lstm.yaml has 10,000."""
_LEVELS = ("resources", "execution", "loggers", "ops")
"""What may stand at the top of Dagster's form."""


@dataclass(frozen=True)
class RunConfig:
    """groups: what was written of each group of settings. root: folder of all models' artifacts. beside: what else
    stood in Dagster's form, such as its executor. wait: whether to wait for another run in the same folder. shared:
    address of what machines share, of which the folders of models are copies; empty where they stand alone."""

    groups: Mapping[str, Any]
    root: str = DEFAULT_ROOT
    beside: Mapping[str, Any] | None = None
    wait: bool = False
    shared: str = ""

    def __post_init__(self) -> None:
        """Raise SettingsError for a root that no folder can be called, and an address that is none."""
        try:
            require_nameable(self.root)
        except ValueError as error:
            raise SettingsError(f"artifacts.root: {error}, not {self.root!r:.60}. Correct it") from None
        if not self.root:
            raise SettingsError("artifacts.root is no folder. Write the name of one, such as out")
        try:
            if self.shared:
                Address.of(self.shared)
        except ValueError as error:
            raise SettingsError(f"artifacts.shared {error}. Correct it") from None

    def settings(self) -> Settings:
        """The settings, with the values of environment variables. Raises SettingsError for one that is wrong."""
        try:
            return settings_model().model_validate(_resolved(dict(self.groups)))
        except ValidationError as error:
            raise SettingsError(f"{first_fault(error, settings_model())}. Change it") from error

    def for_dagster(self) -> dict[str, Any]:
        """The form that Dagster takes."""
        resources: dict[str, Any] = {"settings": {"config": dict(self.groups)}}
        given = {"root": self.root, "wait": self.wait, "shared": self.shared}
        own = {name: value for name, value in given.items() if value != _OF_ARTIFACTS[name]}
        if own:
            resources["artifacts"] = {"config": own}
        return {**(self.beside or {}), "resources": resources}


def read_run_config(path: Path) -> RunConfig:
    """What a file says. Raises SettingsError if it cannot be read, or a group or level of it is not known."""
    try:
        content = from_yaml(content_of(path, _LARGEST).decode())
    except DataError as error:
        raise SettingsError(f"{path} cannot be read ({error.what}). Name a file of settings") from error
    except ValueError as error:
        raise SettingsError(f"{path} is neither YAML nor JSON ({_first_line(error)}). Mend it") from error
    if content is None:
        return RunConfig({})
    if not isinstance(content, dict):
        raise SettingsError(f"{path} holds no settings. Write groups of them, such as training: {{max_epochs: 5}}")
    try:
        return _understood(content)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None


def with_assignments(config: RunConfig, assignments: Sequence[str]) -> RunConfig:
    """The same with `group.name=value` set; of the group data its name may be left out. Raises SettingsError."""
    groups = _copied(config.groups)
    own: dict[str, str] = {}
    for assignment in assignments:
        name, _, text = assignment.partition("=")
        if name in ("artifacts.root", "artifacts.shared"):
            own[name.removeprefix("artifacts.")] = text
        elif name.partition(".")[0] in data_model().model_fields:
            assign(groups, f"data.{assignment}")
        else:
            assign(groups, assignment)
    return replace(config, groups=groups, root=own.get("root", config.root), shared=own.get("shared", config.shared))


def with_settings(config: RunConfig, groups: Mapping[str, Any]) -> RunConfig:
    """The same with these settings over it, group by group."""
    return replace(config, groups=_merged(config.groups, groups))


def assign(groups: dict[str, Any], assignment: str) -> None:
    """Set one `group.name=value` in nested groups; the value is read as YAML. Raises SettingsError."""
    name, equals, text = assignment.partition("=")
    *path, field = name.split(".")
    if not equals or not field or not all(path):
        raise SettingsError(f"--set {assignment}: write SETTING=VALUE, such as events.glucose_unit=mmol/L")
    place = groups
    for depth, group in enumerate(path, start=1):
        place = place.setdefault(group, {})
        if not isinstance(place, dict):
            raise SettingsError(f"--set {assignment}: {'.'.join(path[:depth])} is a value, not a group of settings")
    try:
        place[field] = from_yaml(text) if text else ""
    except ValueError:
        raise SettingsError(f"--set {assignment}: '{text}' is no value; quote what has special characters") from None


def _understood(content: dict[str, Any]) -> RunConfig:
    if not any(level in content for level in _LEVELS):
        _require_known(content, (*_GROUPS, *_LEVELS), "")
        groups = {name: value for name, value in content.items() if name != "artifacts"}
        return RunConfig(groups, **_artifacts(content.get("artifacts"), "artifacts"))
    _require_known(content, _LEVELS, "")
    resources = _mapping(content.get("resources"), "resources")
    _require_known(resources, ("settings", "artifacts"), "resources")
    settings = _config(resources.get("settings"), "resources.settings", tuple(Settings.model_fields))
    artifacts = _config(resources.get("artifacts"), "resources.artifacts", tuple(_OF_ARTIFACTS))
    beside = {name: value for name, value in content.items() if name != "resources"}
    return RunConfig(settings, beside=beside, **_artifacts(artifacts, "resources.artifacts.config"))


def _config(resource: Any, where: str, inside: Sequence[str]) -> dict[str, Any]:
    """What stands under config of a resource; where it was forgotten or misspelt, say so."""
    levels = _mapping(resource, where)
    if any(name in inside for name in levels):
        todo = f"Write {where.replace('.', ': ')}: config: before {next(iter(levels))}"
        raise SettingsError(f"{where} lacks the level config. {todo}")
    _require_known(levels, ("config",), where)
    config = _mapping(levels.get("config"), f"{where}.config")
    _require_known(config, inside, f"{where}.config")
    return config


def _artifacts(artifacts: Any, where: str) -> dict[str, Any]:
    """The folder, whether to wait for another run in it, and what it is a copy of."""
    given = _mapping(artifacts, where)
    _require_known(given, tuple(_OF_ARTIFACTS), where)
    own = {name: _resolved(given.get(name, default)) for name, default in _OF_ARTIFACTS.items()}
    if not isinstance(own["root"], str) or not own["root"]:
        raise SettingsError(f"{where}.root is no folder. Write the name of one, such as out")
    if not isinstance(own["wait"], bool):
        raise SettingsError(f"{where}.wait is neither true nor false. Correct it")
    if not isinstance(own["shared"], str):
        raise SettingsError(f"{where}.shared is no address. Write one such as s3://bucket/prefix")
    return own


def _mapping(content: Any, where: str) -> dict[str, Any]:
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"{where} holds no settings. Write groups of them, such as training: {{max_epochs: 5}}")
    return content


def _require_known(content: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for name in content:
        if name not in known:
            near = nearest_name(str(name), known)
            todo = f"The nearest name is {near}" if near else f"There are {', '.join(known)}"
            raise SettingsError(f"{where + '.' if where else ''}{name} is not known. {todo}")


def _resolved(value: Any) -> Any:
    """With the values of environment variables in place of {env: NAME}."""
    if isinstance(value, dict):
        if set(value) == {"env"}:
            name = str(value["env"])
            if name not in os.environ:
                raise SettingsError(f"the environment variable {name}, which the settings name, is not set. Set it")
            return os.environ[name]
        return {key: _resolved(inner) for key, inner in value.items()}
    return [_resolved(inner) for inner in value] if isinstance(value, list) else value


def _copied(value: Any) -> Any:
    return {key: _copied(inner) for key, inner in value.items()} if isinstance(value, Mapping) else value


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = _copied(below)
    for name, value in above.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(name), dict)
        merged[name] = _merged(merged[name], value) if both else value
    return dict(merged)


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
