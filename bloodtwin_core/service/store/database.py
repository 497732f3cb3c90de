"""The file: opened once, written in transactions, by one thread at a time."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bloodtwin_core.common.errors import StorageError
from bloodtwin_core.common.files import private_folder, storage_errors
from bloodtwin_core.service.store.kinds import EventKind, StoredEvent, Wearer
from bloodtwin_core.service.store.schema import TABLES, VERSION

FILE = "live.sqlite"
_WAIT_SECONDS = 30.0
"""How long another process may hold the file."""


class Store:
    """The database of a folder. Threads may share it; transaction() takes turns."""

    def __init__(self, folder: Path, *, survives_power_cut: bool = True) -> None:
        """Raises StorageError if the folder cannot be written, or holds a file of a newer version or none of ours."""
        with storage_errors(folder):
            private_folder(folder)
        self.path = folder / FILE
        self._turn = threading.RLock()
        try:
            self._connection = sqlite3.connect(
                self.path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._open("FULL" if survives_power_cut else "NORMAL")
        except sqlite3.Error as error:
            raise StorageError(
                f"{self.path} cannot be opened ({error}). Name another folder in service.store"
            ) from error

    def _open(self, synchronous: str) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        # An answer of 200 rests on it: NORMAL survives a killed process, FULL a power cut too.
        self._connection.execute(f"PRAGMA synchronous = {synchronous}")
        self._connection.execute("PRAGMA foreign_keys = ON")
        [version] = self._connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise StorageError(f"{self.path} is of a newer bloodTwin. Install that, or name another folder")
        self._connection.executescript(TABLES)
        self._connection.execute(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything within, or nothing; on disk when the block is left. Raises StorageError."""
        with self._turn:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise StorageError(f"{self.path} cannot be written ({error}). Look at disk and rights") from error

    def read(self, query: str, values: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """The rows of a query. Raises StorageError."""
        with self._turn:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise StorageError(f"{self.path} cannot be read ({error})") from error

    # Wearers

    def wearer(self, name: str) -> Wearer | None:
        """The wearer of a name."""
        rows = self._rows("SELECT number, name, zone FROM wearers WHERE name = ?", (name,))
        return Wearer(*rows[0]) if rows else None

    def wearers(self) -> list[Wearer]:
        """All wearers, by name."""
        return [Wearer(*row) for row in self._rows("SELECT number, name, zone FROM wearers ORDER BY name")]

    def put_wearer(self, name: str, zone: str) -> Wearer:
        """The wearer of that name, made if new, who lives in that zone from now on."""
        with self.transaction():
            self._connection.execute(
                "INSERT INTO wearers (name, zone) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET zone = excluded.zone",
                (name, zone),
            )
        wearer = self.wearer(name)
        if wearer is None:
            raise StorageError(f"{self.path}: the wearer {name} was removed meanwhile")
        return wearer

    # Events

    def put_events(self, wearer: int, events: Iterable[StoredEvent], received: int) -> int:
        """Keep events within a transaction; those known by their names are replaced. How many changed anything."""
        changed = 0
        for event in events:
            changed += self._connection.execute(
                "INSERT INTO events (wearer, kind, name, second, value, minutes, sensor, origin, received) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (wearer, kind, name) DO UPDATE SET "
                "second = excluded.second, value = excluded.value, minutes = excluded.minutes, "
                "sensor = excluded.sensor, origin = excluded.origin, received = excluded.received "
                "WHERE (second, value, minutes, sensor) IS NOT "
                "(excluded.second, excluded.value, excluded.minutes, excluded.sensor)",
                (
                    *(wearer, event.kind, event.name, event.second, event.value),
                    *(event.minutes, event.sensor, event.origin, received),
                ),
            ).rowcount
        return changed

    def events(self, wearer: int, kind: EventKind, first: int, last: int) -> list[tuple[int, float | None, float, str]]:
        """Second, value, minutes and sensor of the events of a kind from first to last second, in the order of time."""
        return self._rows(
            "SELECT second, value, minutes, sensor FROM events "
            "WHERE wearer = ? AND kind = ? AND second BETWEEN ? AND ? ORDER BY second, name",
            (wearer, kind, first, last),
        )

    def newest(self, wearer: int, kind: EventKind, last: int) -> tuple[int, float] | None:
        """Second and value of the newest event of a kind up to a second."""
        rows = self._rows(
            "SELECT second, value FROM events WHERE wearer = ? AND kind = ? AND second <= ? "
            "ORDER BY second DESC, name DESC LIMIT 1",
            (wearer, kind, last),
        )
        return (rows[0][0], rows[0][1]) if rows else None

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        return self.read(query, values)
