"""What was fetched from a cloud so far: rows on disk, kept by the identity that the cloud gives them.

One gzipped CSV file for every WINDOW_DAYS days of asking, each written whole or not at all. A row that comes again
takes the place of the one before, so that overlaps, repeats and breaks neither lose nor double anything. Nothing here
knows what a row means; the sources decode them anew each time, with everything that is known by then.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.sources.row import Day, Row

WINDOW_DAYS = 28
"""Days asked for at once; Tandem Source answers for about four weeks at most."""
_TYPES = {"id": "str", "kind": "str", "time": "str", "value": "float64", "minutes": "float64", "detail": "str"}
COLUMNS = tuple(_TYPES)
_SUFFIX = ".csv.gz"
__all__ = ["COLUMNS", "WINDOW_DAYS", "Day", "FetchedRows", "Gone", "Row", "Window", "table_of", "windows"]
Gone = Callable[[pd.DataFrame], "pd.Series[bool]"]


@dataclass(frozen=True)
class Window:
    """Days to ask for at once, first and last included."""

    first: Day
    last: Day


@dataclass(frozen=True)
class FetchedRows:
    """The rows of one pump, under one folder."""

    folder: Path

    def add(self, window: Window, rows: Sequence[Row], gone: Gone | None = None) -> int:
        """Keep the rows that an answer for a window brought, and return how many were not known before.

        gone is given the rows known before [row] and tells which of them are no longer there.
        """
        path = self.folder / f"{_grid_start(window.first)}{_SUFFIX}"
        before = _read(path) if path.exists() else table_of([])
        left = before[~gone(before)] if gone is not None and len(before) else before
        after = pd.concat([left, table_of(rows)]).drop_duplicates("id", keep="last").sort_values("id")
        if len(before) != len(after) or not before.equals(after.reset_index(drop=True)):
            with atomic_write(path) as temporary:
                _write(temporary, after)
        return int((~after["id"].isin(before["id"])).sum())

    def forget(self, gone: Gone) -> None:
        """Leave out the rows of every window that gone, given all of its rows [row], tells."""
        for path in self.files():
            before = _read(path)
            left = before[~gone(before)]
            if len(left) != len(before):
                with atomic_write(path) as temporary:
                    _write(temporary, left)

    def table(self) -> pd.DataFrame:
        """All rows, COLUMNS, each id once, sorted by id. Raises DataError if a file cannot be read."""
        tables = [_read(path) for path in self.files()]
        together = pd.concat([table_of([]), *tables]) if tables else table_of([])
        return together.drop_duplicates("id", keep="last").sort_values("id", ignore_index=True)

    def tables(self) -> Iterator[pd.DataFrame]:
        """The rows of table(), window by window, the newest first: never all of them at once in memory."""
        known = pd.Series(dtype="uint64")
        for path in reversed(self.files()):
            table = _read(path)
            ids = pd.Series(pd.util.hash_array(table["id"].to_numpy(dtype=object)), index=table.index)
            again = ids.isin(known)
            known = pd.concat([known, ids[~again]])
            yield table[~again]

    def files(self) -> list[Path]:
        """The files, oldest window first."""
        return sorted(path for path in self.folder.glob(f"*{_SUFFIX}") if not path.name.startswith("."))


def windows(first: Day, last: Day) -> Iterator[Window]:
    """The days from first to last in windows that end where files end, oldest first; none if first is after last."""
    while first <= last:
        end = min(_grid_start(first) + np.timedelta64(WINDOW_DAYS - 1, "D"), last)
        yield Window(first, end)
        first = end + np.timedelta64(1, "D")


def _grid_start(day: Day) -> Day:
    number = int(day.astype("datetime64[D]").astype(np.int64))
    return np.datetime64(number - number % WINDOW_DAYS, "D")


def table_of(rows: Sequence[Row]) -> pd.DataFrame:
    """Rows as a table, COLUMNS."""
    return pd.DataFrame(
        {
            "id": pd.Series([row.id for row in rows], dtype="str"),
            "kind": pd.Series([row.kind for row in rows], dtype="str"),
            "time": np.array([row.time for row in rows], dtype="datetime64[s]"),
            "value": np.array([row.value for row in rows], dtype=np.float64),
            "minutes": np.array([row.minutes for row in rows], dtype=np.float64),
            "detail": pd.Series([row.detail for row in rows], dtype="str"),
        }
    )


def _write(path: Path, table: pd.DataFrame) -> None:
    # Without a name and a time in the gzip header, the same rows give the same bytes.
    with path.open("wb") as file, gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0) as packed:
        packed.write(table.to_csv(index=False).encode())


def _read(path: Path) -> pd.DataFrame:
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            table = pd.read_csv(file, dtype=_TYPES, keep_default_na=False, na_values={"value": [""]})
        table["time"] = pd.to_datetime(table["time"], format="ISO8601").astype("datetime64[s]")
        return table.loc[:, list(COLUMNS)]
    except (OSError, EOFError, zlib.error, ValueError, KeyError) as error:
        raise DataError(
            f"the events fetched earlier cannot be read ({type(error).__name__})",
            todo="Move the folder away; all events are then fetched anew",
            file=path,
        ) from error
