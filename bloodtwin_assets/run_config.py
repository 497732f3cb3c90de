"""Typed run config, made from the models of settings in bloodtwin_core, so that each setting stands once."""

from copy import copy
from typing import Any, TypeVar, cast, get_args, get_origin

import dagster as dg
from pydantic import Field, create_model
from pydantic.fields import FieldInfo

from bloodtwin_core.config.group import SettingsGroup

Base = TypeVar("Base", bound=dg.Config)

LIMIT_WORDS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most", "pattern": "must match"}


def run_config(group: type[SettingsGroup], base: type[Base], configured: SettingsGroup | None = None) -> type[Base]:
    """A model of settings as a class of Dagster's: the same names and validators, groups within it likewise.

    Defaults are what is configured, else the model's own. They are those of each single field, so that a run config
    that changes one field of a group keeps the others. Each field's limits stand in its description, which is all that
    the Launchpad shows of a field.
    """
    fields: dict[str, Any] = {}
    for name, field in group.model_fields.items():
        value = getattr(configured, name) if configured else None
        annotation = _as_config(field.annotation, value)
        if annotation is not field.annotation or configured:
            fields[name] = (annotation, _field(field, annotation, value))
    config = f"{group.__name__.removesuffix('Settings')}Config"
    made: Any = create_model(config, __base__=(group, base), __doc__=group.__doc__, **fields)
    for field in made.model_fields.values():
        field.description = _with_limits(field)
    return cast(type[Base], made)


def _as_config(annotation: Any, configured: Any = None) -> Any:
    """A group, or a list of groups, as Dagster takes it; any other type as it is."""
    if isinstance(annotation, type) and issubclass(annotation, SettingsGroup):
        return run_config(annotation, dg.Config, configured)
    if get_origin(annotation) is not list:
        return annotation
    (member,) = get_args(annotation)
    config = _as_config(member)
    return annotation if config is member else list[config]  # type: ignore[valid-type]


def _field(field: FieldInfo, annotation: Any, configured: Any) -> Any:
    """A group's default is a group of Dagster's; any other field keeps its limits, and its default if none is given."""
    if isinstance(annotation, type) and issubclass(annotation, SettingsGroup):
        return Field(default_factory=annotation, description=field.description)
    own = copy(field)
    if configured is not None:
        own.default = _plain(configured)
        own.validate_default = True  # Groups in a list become groups again.
    return own


def _plain(value: Any) -> Any:
    """Groups in a list as Dagster writes them in a run config."""
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value.model_dump(mode="json") if isinstance(value, SettingsGroup) else value


def _with_limits(field: FieldInfo) -> str | None:
    limits = [
        f"{words} {_shown(getattr(limit, name))}"
        for limit in field.metadata
        for name, words in LIMIT_WORDS.items()
        if getattr(limit, name, None) is not None
    ]
    return f"{field.description} Limits: {', '.join(limits)}." if limits else field.description


def _shown(limit: object) -> str:
    return f"{limit:,}".removesuffix(".0") if isinstance(limit, int | float) else str(limit)
