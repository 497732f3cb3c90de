"""Whose data a model was trained on, in the words that each source has for its own."""

from collections.abc import Iterator, Mapping
from typing import Any

from bloodtwin_core.sources.registry import source_named


def sources_of(data: Mapping[str, Any]) -> list[str]:
    """Every source that the settings of data name, the first one first."""
    return list(dict.fromkeys(_named(data)))


def notice_text(source: str) -> str:
    """What to say of a source; people's own data is named as such.

    Raises SettingsError for a source that is not known here, such as one whose package is not installed, since its
    licence may ask for something.
    """
    notice = source_named(source).notice
    if notice is not None:
        return notice.text
    return f"- **{source}**: not a published data set. Ship a model only if those whose data it is agree."


def _named(settings: Any) -> Iterator[str]:
    if isinstance(settings, Mapping):
        if isinstance(settings.get("source"), str):
            yield settings["source"]
        for value in settings.values():
            yield from _named(value)
    elif isinstance(settings, list):
        for value in settings:
            yield from _named(value)
