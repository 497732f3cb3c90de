"""A Nightscout site's collections as files: answers of its API as they were saved, or what mongoexport writes.

Which collection a file is of stands in its name (`entries.json`, `treatments_2024.json`, `0123_devicestatus.json.gz`),
as in the OpenAPS Data Commons; how documents are read: sources/nightscout.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.records import CARBOHYDRATES
from bloodtwin_core.sources.fetching import known_zone
from bloodtwin_core.sources.json_documents import documents_of
from bloodtwin_core.sources.nightscout.reading import events_of_documents
from bloodtwin_core.sources.nightscout.values import hashed
from bloodtwin_core.sources.nightscout_dump import NightscoutDumpSettings
from bloodtwin_core.sources.wearer_files import files_of_wearers

SUFFIXES = (".json", ".json.gz")


class Part(StrEnum):
    """A collection, by the word in the name of its files."""

    entries = "entries"
    treatments = "treatments"
    profile = "profile"
    devicestatus = "devicestatus"


def events(settings: DataSettings) -> Iterator[PumpEvents]:
    """The events of each wearer, by name; data.pump_ids are names of folders.

    Raises SettingsError if data.root is not set or a profile names no zone, DataError for a file that cannot be
    understood and for readings whose unit is in doubt.
    """
    own = settings.of(NightscoutDumpSettings)
    what = "the wearer's zone"
    zone = known_zone(own.time_zone, "data.nightscout_dump.time_zone", what) if own.time_zone else ""
    for wearer, paths in files_of_wearers(settings, SUFFIXES, "files of a Nightscout site").items():
        parts = _parts(paths)
        yield events_of_documents(
            wearer,
            _documents(parts[Part.entries]),
            _documents(parts[Part.treatments]),
            _documents(parts[Part.profile]),
            _documents(parts[Part.devicestatus]),
            default_zone=zone,
            profile_basal=own.profile_basal,
            with_carbohydrates=CARBOHYDRATES in settings.extra_features,
        )


def part_of(name: str) -> Part | None:
    """Which collection a file of this name is of; None if the name does not tell one."""
    found = [part for part in Part if part in name.casefold()]
    return found[0] if len(found) == 1 else None


def _parts(paths: Sequence[Path]) -> Mapping[Part, list[Path]]:
    parts: dict[Part, list[Path]] = {part: [] for part in Part}
    for path in paths:
        if (part := part_of(path.name)) is None:
            todo = f"Give it one of the words {', '.join(Part)} in its name, or remove it from the folder"
            raise DataError("the name of the file does not tell its collection", todo=todo, file=path)
        parts[part].append(path)
    if not parts[Part.entries]:
        todo = "Put the site's entries beside it"
        raise DataError("there is no file of entries, which hold the readings", todo=todo, file=paths[0].parent)
    return parts


def _documents(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    for path in paths:
        for document in documents_of(path):
            yield document if "_id" in document or "identifier" in document else {**document, "_id": _named(document)}


def _named(document: Mapping[str, Any]) -> str:
    """A name for a document that lost its own; the same one wherever it stands again."""
    return hashed(json.dumps(document, sort_keys=True, default=str))
