"""Tidepool's export in JSON: one array of data, each with a type, in the layout that Tidepool documents for its API.

Data model: Tidepool's developer documentation, pages device-data/data-types (basal, bolus, cbg, insulin, food, wizard);
code: tidepool-org/platform, data/types. All times are UTC (`time`), durations milliseconds.

- Each device is one sensor or pump, by its `deviceId`; a device that tells basal is a pump. Of two pumps at once the
  one that began later is worn, so that a delivery that two apps uploaded counts once.
- What a device programmed (expectedNormal, expectedExtended, suppressed) is not used: what it delivered is.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.records import UNKNOWN_ZONE
from bloodtwin_core.sources.doses import Gathered
from bloodtwin_core.sources.json_documents import documents_of
from bloodtwin_core.sources.nightscout.values import BAD, Document, time_of
from bloodtwin_core.sources.tidepool.data import READERS, UNUSED, units_in
from bloodtwin_core.sources.wearer_files import files_of_wearers

SUFFIXES = (".json", ".json.gz")
_LONGEST_NAME = 40
_SUPERSEDED = ("archivedTime", "deletedTime")


def events(settings: DataSettings) -> Iterator[PumpEvents]:
    """The events of each wearer, by name; data.pump_ids are names of folders.

    Raises SettingsError if data.root is not set, DataError for a file that cannot be understood.
    """
    for wearer, paths in files_of_wearers(settings, SUFFIXES, "files exported from Tidepool").items():
        yield events_of_data(wearer, [datum for path in paths for datum in _data_of(path)])


def events_of_data(wearer: str, data: Iterable[Document]) -> PumpEvents:
    """The events of Tidepool's data, in any order; a datum that stands again counts once."""
    gathered, seen = Gathered(), set[str]()
    latest: np.datetime64 | None = None
    zone = UNKNOWN_ZONE
    for datum in data:
        identity = datum.get("id")
        if any(datum.get(name) for name in _SUPERSEDED) or (isinstance(identity, str) and identity in seen):
            continue
        if isinstance(identity, str):
            seen.add(identity)
        time = _read(datum, gathered)
        if time is not None and (latest is None or time >= latest) and (told := _zone_of(datum)):
            latest, zone = time, told
    return gathered.events(wearer, zone)


def _data_of(path: Path) -> list[dict[str, Any]]:
    data = documents_of(path)
    if not any("type" in datum and ("time" in datum or "deviceTime" in datum) for datum in data):
        todo = "Export it again as JSON, or remove it from the folder"
        raise DataError("the file is no export of Tidepool: nothing in it has a type and a time", todo=todo, file=path)
    return data


def _read(datum: Document, gathered: Gathered) -> np.datetime64 | None:
    """Take over what a datum says, or count it; its time where that is known."""
    kind = datum.get("type")
    time = _time_of(datum)
    read = READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        if kind not in UNUSED:
            gathered.not_understood(str(kind)[:_LONGEST_NAME] if kind else "data of no type", units_in(datum))
        return time
    try:
        if time is None:
            raise ValueError("a time is needed")
        read(datum, int(time.astype(np.int64)), gathered)
    except BAD:
        gathered.not_understood(str(kind), units_in(datum))
    return time


def _time_of(datum: Document) -> np.datetime64 | None:
    try:
        return time_of(datum, "time")
    except BAD:
        return None


def _zone_of(datum: Document) -> str:
    """The zone of the wearer as an IANA name, else their offset from UTC; "" if it tells none."""
    name, minutes = datum.get("timezone"), datum.get("timezoneOffset")
    if isinstance(name, str) and name:
        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not abs(minutes) < 24 * 60:
        return UNKNOWN_ZONE
    hours, rest = divmod(abs(int(minutes)), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
