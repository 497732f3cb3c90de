"""What is wrong with settings, in one line: which setting, why, and for an unknown name the nearest known one."""

import difflib
from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ValidationError

from bloodtwin_core.config.group import SECRET_GIVEN

_AS_NEAR = 0.6
"""Least similarity (0 to 1, difflib) of a name that is offered in place of an unknown one."""


def first_fault(error: ValidationError, settings: type[BaseModel], within: str = "") -> str:
    """The first setting that is wrong, by its full name, and why.

    settings is the model that was validated, within the name of the group that it stands for, if it is one.
    """
    fault = error.errors()[0]
    place = tuple(str(part) for part in fault["loc"])
    full_name = ".".join([*([within] if within else []), *place])
    what = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        return f"{full_name}: {what}{_hint(nearest_setting(place, settings), within)}"
    given = fault["input"]
    shown = f", not {given!r:.60}" if isinstance(given, str | int | float) and fault["type"] != SECRET_GIVEN else ""
    return f"{full_name}: {what}{shown}" if full_name else f"{what}{shown}"


def nearest_name(name: str, known: Sequence[str]) -> str:
    """The known name most like another, empty if none is near."""
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=_AS_NEAR)), "")


def nearest_setting(place: Sequence[str], settings: type[BaseModel]) -> str:
    """The full name of the setting most like one that is not there.

    It is the one of the same name in any group, else one beside it if one is near, else the nearest in any group.
    """
    *groups, name = place
    group: type[BaseModel] | None = settings
    for part in groups:
        group = _group(group, part) if group else None
    everywhere: dict[str, str] = {}
    for full_name in _names(settings):
        everywhere.setdefault(full_name.rpartition(".")[2], full_name)
    if name in everywhere:
        return everywhere[name]
    if group and (beside := nearest_name(name, list(group.model_fields))):
        return ".".join([*groups, beside])
    return everywhere.get(nearest_name(name, list(everywhere)), "")


def _hint(nearest: str, within: str) -> str:
    if not nearest:
        return ""
    return f"; the nearest name is {within}.{nearest}" if within else f"; the nearest name is {nearest}"


def _group(settings: type[BaseModel], name: str) -> type[BaseModel] | None:
    field = settings.model_fields.get(name)
    kind = field.annotation if field else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _names(settings: type[BaseModel]) -> Iterator[str]:
    """Full names of all settings and groups, those of a group before what is in it."""
    yield from settings.model_fields
    for name in settings.model_fields:
        if group := _group(settings, name):
            yield from (f"{name}.{inner}" for inner in _names(group))
