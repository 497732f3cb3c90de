"""The SQLite file: one connection that writes, in transactions, and one that reads what is committed."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bloodtwin_core.common.errors import StorageError
from bloodtwin_core.common.files import private_folder, storage_errors
from bloodtwin_core.service.store.schema import TABLES, VERSION

FILE = "live.sqlite"
_WAIT_SECONDS = 30.0
"""How long another process may hold the file."""

Row = tuple[Any, ...]


class Database:
    """Threads may share it: writers take turns, and readers do not wait for them."""

    def __init__(self, folder: Path, *, survives_power_cut: bool = True) -> None:
        """Raises StorageError if the folder cannot be written, or holds a file of a newer version or none of ours."""
        with storage_errors(folder):
            private_folder(folder)
        self.path = folder / FILE
        self._writing, self._reading = threading.RLock(), threading.Lock()
        self._in_transaction: int | None = None
        try:
            self._writer = self._connected()
            self._prepare("FULL" if survives_power_cut else "NORMAL")
            self._reader = self._connected()
            self._reader.execute("PRAGMA query_only = ON")
        except sqlite3.Error as error:
            todo = "Name another folder in service.store"
            raise StorageError(f"{self.path} cannot be opened ({error}). {todo}") from error

    def _connected(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)

    def _prepare(self, synchronous: str) -> None:
        self._writer.execute("PRAGMA journal_mode = WAL")
        # An answer of 200 rests on it: NORMAL survives a killed process, FULL a power cut too.
        self._writer.execute(f"PRAGMA synchronous = {synchronous}")
        self._writer.execute("PRAGMA foreign_keys = ON")
        [version] = self._writer.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise StorageError(f"{self.path} is of a newer bloodTwin. Install that, or name another folder")
        self._writer.executescript(TABLES)
        self._writer.execute(f"PRAGMA user_version = {VERSION}")

    def check(self) -> None:
        """Raise StorageError if nothing can be written."""
        self.write(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        """Let go of the file."""
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything within, or nothing; on disk when the outermost block is left. Raises StorageError."""
        with self._writing:
            if self._writer.in_transaction:
                yield
                return
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                self._in_transaction = threading.get_ident()
                yield
                self._writer.execute("COMMIT")
            except sqlite3.Error as error:
                raise StorageError(f"{self.path} cannot be written ({error}). Look at disk and rights") from error
            finally:
                self._in_transaction = None
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that may fail alone: what was written within is then undone."""
        with self._writing:
            self._writer.execute("SAVEPOINT part")
            try:
                yield
            except BaseException:
                self._writer.execute("ROLLBACK TO part")
                raise
            finally:
                self._writer.execute("RELEASE part")

    def write(self, statement: str, values: Sequence[object] = ()) -> int:
        """Run a statement in a transaction of its own, or in the one around. How many rows it changed."""
        with self.transaction():
            return self._writer.execute(statement, values).rowcount

    def write_many(self, statement: str, rows: Iterable[Sequence[object]]) -> int:
        """The same for many rows of values."""
        with self.transaction():
            return self._writer.executemany(statement, rows).rowcount

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """What is committed, and within a transaction what was written there. Raises StorageError."""
        is_writer = self._in_transaction == threading.get_ident()
        with self._writing if is_writer else self._reading:
            try:
                return (self._writer if is_writer else self._reader).execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise StorageError(f"{self.path} cannot be read ({error})") from error
