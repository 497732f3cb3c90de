"""YAML as settings need it: texts, numbers, lists and mappings, within bounds.

An unquoted date stays the text that it is: 2024-13-45 is refused by its setting, in words, and 2024-03-01 is taken.
"""

from typing import Any

import yaml

_MOST_VALUES, _DEEPEST = 50_000, 50
_DATE = "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):
    """Safe, and without dates."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the table of the class above, which is a plain dict.
        first: [(tag, form) for tag, form in resolvers if tag != _DATE]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def from_yaml(text: str) -> Any:
    """What a text says. Raises ValueError for one that is no YAML, or holds more, or nested deeper, than settings do.

    Aliases count as often as they stand, so that a short text cannot stand for a long one.
    """
    try:
        content = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    _count(content, 0, 0)
    return content


def _count(value: Any, before: int, depth: int) -> int:
    """How many values there are with this one. Raises ValueError where they are too many or too deep."""
    count = before + 1
    if depth > _DEEPEST:
        raise ValueError("it is nested too deep")
    if count > _MOST_VALUES:
        raise ValueError(f"it holds more than {_MOST_VALUES:,} values")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            count = _count(inner, count, depth + 1)
    return count
