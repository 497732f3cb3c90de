"""The database of xDrip+: tables BgReadings and Treatments, times in milliseconds of UTC, glucose in mg/dL.

Columns as in BgReading.java and Treatments.java of NightscoutFoundation/xDrip, the same in its older database
(ActiveAndroid) and its newer one (Room).
"""

import sqlite3
from collections.abc import Iterator
from math import isfinite

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.sources.databases import opened_database
from bloodtwin_core.sources.exported_files import ExportedFile
from bloodtwin_core.sources.xdrip.content import FileContent, Reading

_READINGS = ("timestamp", "calculated_value")
_SAME = ("eventType", "insulin", "carbs", "notes", "enteredBy")
_NEEDED = ("timestamp", "insulin", "carbs")
_INJECTIONS = "insulinJSON"
_MILLISECONDS = 1000.0
_Row = tuple[object, ...]


def read_database(file: ExportedFile) -> FileContent:
    """What the database tells. Raises DataError if it is damaged or none of xDrip+."""
    with opened_database(file) as database:
        _refuse_damaged(database, file)
        readings = list(_readings(database, file))
        treatments = list(_treatments(database, file))
    known = [reading for reading in readings if reading is not None]
    return FileContent(known, treatments, unread=len(readings) - len(known))


def _refuse_damaged(database: sqlite3.Connection, file: ExportedFile) -> None:
    """Raise DataError where pages do not hold together: rows may be missing from them without a word."""
    found = database.execute("PRAGMA quick_check(1)").fetchone()
    if found is None or found[0] != "ok":
        todo = "Export the database again, with the app closed"
        what = " ".join(str(found[0]).split())[:80] if found else "nothing can be read"
        raise DataError(f"the database is damaged: {what}", todo=todo, file=file.path)


def _columns(database: sqlite3.Connection, table: str) -> dict[str, str]:
    """The columns of a table under their names in small letters; none if there is no such table."""
    found = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND lower(name) = ?", (table,))
    if (name := found.fetchone()) is None:
        return {}
    quoted = '"' + str(name[0]).replace('"', '""') + '"'
    return {str(row[1]).lower(): str(row[1]) for row in database.execute(f"PRAGMA table_info({quoted})")}


def _readings(database: sqlite3.Connection, file: ExportedFile) -> Iterator[Reading | None]:
    """Readings in the order of time; None for a row whose time or glucose is no number."""
    there = _columns(database, "bgreadings")
    if not set(_READINGS) <= set(there):
        todo = "Give the database that xDrip+ exports (Export Database)"
        raise DataError("the database has no readings of xDrip+ (table BgReadings)", todo=todo, file=file.path)
    for time, glucose in database.execute("SELECT timestamp, calculated_value FROM BgReadings ORDER BY timestamp"):
        numbers = isinstance(time, int | float) and isinstance(glucose, int | float)
        whole = numbers and isfinite(time) and isfinite(glucose) and abs(time) < 1e14
        yield Reading(int(time / _MILLISECONDS), float(glucose)) if whole else None


def _treatments(database: sqlite3.Connection, file: ExportedFile) -> Iterator[dict[str, object]]:
    """Treatments as documents of Nightscout, to which xDrip+ uploads them under the same names."""
    there = _columns(database, "treatments")
    if missing := [name for name in _NEEDED if name not in there]:
        what = f"the table Treatments of the database has no column {missing[0]}" if there else "there is no table"
        todo = "Give the database that xDrip+ exports (Export Database)"
        raise DataError(f"the database has no treatments of xDrip+: {what}", todo=todo, file=file.path)
    names = [name for name in (*_SAME, _INJECTIONS, "uuid") if name.lower() in there]
    chosen = ", ".join(f'"{there[name.lower()]}"' for name in names)
    query = f"SELECT rowid, timestamp{', ' + chosen if chosen else ''} FROM Treatments ORDER BY timestamp"
    for rowid, time, *values in database.execute(query):
        said = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        document: dict[str, object] = {name: said[name] for name in _SAME if name in said}
        document["_id"] = str(said.get("uuid") or f"row {rowid}")
        document["date"] = time
        if said.get(_INJECTIONS):
            document["insulinInjections"] = said[_INJECTIONS]
        yield document
