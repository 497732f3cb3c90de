"""SQLite databases out of files that somebody gave: read in memory, and for a bounded time."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.sources.exported_files import ExportedFile

MAGIC = b"SQLite format 3\x00"
"""How every SQLite database begins, https://www.sqlite.org/fileformat.html."""
_JOURNAL, _NO_JOURNAL = slice(18, 20), b"\x01\x01"
"""Bytes of the header that say whether a write-ahead log belongs to the file, and what says that none does."""
_LONGEST_CELL = 1 << 20
"""Bytes of a text or number, and of the text of a query."""
_LONGEST_SECONDS = 60.0
_STEPS_BETWEEN_LOOKS = 100_000
"""Of SQLite's machine, some milliseconds."""


@contextmanager
def opened_database(file: ExportedFile) -> Iterator[sqlite3.Connection]:
    """A database to read from; what it defines itself, such as a function in a column, is not trusted.

    Raises DataError if it is damaged, holds a cell that is no number and no note, or takes longer than a minute.
    """
    content = bytearray(file.content)
    content[_JOURNAL] = _NO_JOURNAL
    until = time.monotonic() + _LONGEST_SECONDS
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(bytes(content))
            content.clear()
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_CELL)
            database.execute("PRAGMA trusted_schema = OFF")
            database.set_progress_handler(lambda: int(time.monotonic() > until), _STEPS_BETWEEN_LOOKS)
            # A note in another encoding must not stop a database whose numbers are well.
            database.text_factory = lambda text: text.decode("utf-8", errors="replace")
            yield database
    except (sqlite3.Error, OverflowError, MemoryError, UnicodeDecodeError) as error:
        todo = "Export the database again, with the app closed"
        raise DataError(f"the database is damaged ({type(error).__name__})", todo=todo, file=file.path) from error
