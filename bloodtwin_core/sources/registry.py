"""Every source there is: found in this folder and in the packages that bring one, never listed by hand.

A module or package of this folder that assigns SOURCE is a source. Other packages name theirs in the entry point group
`bloodtwin.sources`; docs/sources.md says how.
"""

import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.abc import InspectLoader
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from types import MappingProxyType

import bloodtwin_core.sources as package
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.sources.source import Source

ENTRY_POINTS = "bloodtwin.sources"
"""The entry point group by which other packages bring sources; each entry names an object of the class Source."""
_ATTRIBUTE = "SOURCE"
_DEFAULT: str = DataSettings.model_fields["source"].default


@cache
def sources() -> Mapping[str, Source]:
    """Every source by its name: the default one first, then in the order of the alphabet.

    Raises SettingsError if a package brings something that is no source or cannot be loaded, or two bring one name.
    """
    by_name: dict[str, Source] = {}
    for place, source in [*_own(), *_brought(entry_points(group=ENTRY_POINTS))]:
        if source.name in by_name:
            raise SettingsError(
                f"{place} brings the source {source.name}, which is there already. Uninstall one of the two"
            )
        if source.settings is not None and source.name in DataSettings.model_fields:
            raise SettingsError(f"{place} brings the source {source.name}, but data.{source.name} is another setting")
        by_name[source.name] = source
    return MappingProxyType(
        {name: by_name[name] for name in sorted(by_name, key=lambda name: (name != _DEFAULT, name))}
    )


def source_named(name: str) -> Source:
    """The source that data.source names. Raises SettingsError, naming those there are, if it is not known."""
    if name not in sources():
        raise SettingsError(f"data.source '{name}' is not known. Choose one of {', '.join(sources())}")
    return sources()[name]


def sources_table() -> str:
    """The sources as a Markdown table, for the docs."""
    head = ["`data.source`", "what", "`data.root`", "its own settings"]
    rows = (
        [
            f"`{source.name}`",
            source.about,
            source.root or "none",
            ", ".join(f"`{name}`" for name in source.settings.model_fields) if source.settings else "none",
        ]
        for source in sources().values()
    )
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _own() -> Iterator[tuple[str, Source]]:
    for module in pkgutil.iter_modules(package.__path__, prefix=f"{package.__name__}."):
        if _assigns_source(module.name):
            source = getattr(import_module(module.name), _ATTRIBUTE, None)
            yield module.name, _checked(source, module.name)


def _assigns_source(module: str) -> bool:
    """Told from the compiled code, so that what stands beside the sources and loads pandas is not imported for it."""
    spec = find_spec(module)
    if spec is None or not isinstance(spec.loader, InspectLoader):
        return False
    code = spec.loader.get_code(module)
    return code is not None and _ATTRIBUTE in code.co_names


def _brought(points: Iterable[EntryPoint]) -> Iterator[tuple[str, Source]]:
    for point in points:
        package = point.dist.name if point.dist else "a package"
        place = f"{package} ({ENTRY_POINTS}: {point.name} = {point.value})"
        try:
            source = point.load()
        except Exception as error:
            raise SettingsError(
                f"{place} brings a source that cannot be loaded: {error}. Install the package anew, or uninstall it"
            ) from error
        yield place, _checked(source, place)


def _checked(source: object, place: str) -> Source:
    if not isinstance(source, Source):
        raise SettingsError(f"{place} is no source but a {type(source).__name__}. See docs/sources.md")
    return source
