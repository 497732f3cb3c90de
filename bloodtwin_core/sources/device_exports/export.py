"""One exported file as rows of cells, and the tables in it, found by the names in their header rows."""

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.common.errors import DataError
from bloodtwin_core.common.given_files import head_of
from bloodtwin_core.sources.device_exports.cells import (
    BYTE_ORDER_MARKS,
    Cells,
    decoded_text,
    read_text,
    split_rows,
)

_DELIMITERS = (",", ";", "\t")
FIRST_ROWS = 60
"""Rows among which the first header of an export stands; CareLink writes most above it, about ten."""
_HEAD = 1 << 20
"""Bytes among which those rows stand."""
_HEADER_COLUMNS = 3
"""Fewest columns of a header that tells the delimiter."""


@dataclass(frozen=True)
class Export:
    """An exported file: rows [row][column] as text, and the line each stands on; language: in which it was exported.

    cut_off_rows: last lines without their end, which are left out: their last number may lack digits.
    ends_in_text: the last column is text that may hold the delimiter.
    """

    path: Path
    text: str
    delimiter: str
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]
    language: str = "English"
    cut_off_rows: int = 0
    ends_in_text: bool = False

    def has_row(self, *names: str) -> bool:
        """Whether one of the first rows holds all these names: whether the file has a table with these columns."""
        return any(set(names).issubset(row) for row in self.rows[:FIRST_ROWS])

    def only_table(self, *names: str, above: int) -> Cells:
        """The one table of the file, whose header holds all these names and has at most `above` rows over it.

        Raises DataError if there are two, if rows stand above it, or if its header names a column twice.
        """
        headers = [place for place, row in enumerate(self.rows) if set(names).issubset(row)]
        if len(headers) > 1:
            todo = "Give each export as a file of its own"
            raise DataError("the header stands here again", todo=todo, file=self.path, line=self.lines[headers[1]])
        if headers[0] > above:
            todo = "Leave the file as it was exported, its header on top"
            raise DataError("rows stand above the header", todo=todo, file=self.path, line=self.lines[headers[0]])
        return self.table(headers[0], len(self.rows))

    def table(self, start: int, stop: int) -> Cells:
        """The table whose header is row `start` and which ends before row `stop`."""
        header = self.rows[start]
        twice = next((name for name, count in Counter(header).items() if name and count > 1), None)
        if twice is not None:
            todo = "Keep one of the two"
            raise DataError("the column stands twice", todo=todo, file=self.path, line=self.lines[start], column=twice)
        body = slice(start + 1, stop)
        self._refuse_uneven_rows(len(header), body)
        return Cells(self.path, header, self.lines[start], self.rows[body], self.lines[body])

    def _refuse_uneven_rows(self, columns: int, body: slice) -> None:
        """Raise DataError for a row with fewer or more cells than the header and than most others.

        Of a shorter one the rest is lost; in a longer one a decimal comma or a line that ran into another moved cells
        below other names. Text in the last column may hold the delimiter, if the table says that it is such.
        """
        lengths = np.array([len(row) for row in self.rows[body]])
        if not len(lengths):
            return
        least, most = min(columns, int(np.median(lengths))), max(columns, int(np.median(lengths)))
        todo = "Export the file again, or remove the row"
        if (row := first_true(lengths < least)) is not None:
            what = f"the row was cut off: it has {lengths[row]} cells of {least}"
            raise DataError(what, todo=todo, file=self.path, line=self.lines[body][row])
        if not self.ends_in_text and (row := first_true(lengths > most)) is not None:
            what = f"the row has {lengths[row]} cells, the header {columns}: one may hold a decimal comma"
            raise DataError(what, todo=todo, file=self.path, line=self.lines[body][row])


def open_export(path: Path) -> Export:
    """Read a file and split it at the delimiter that gives its header rows most columns.

    Raises DataError if it cannot be read, is empty or is no table.
    """
    return _export_of(path, read_text(path))


def open_head(path: Path) -> Export:
    """The same of the beginning of a file, which tells its format."""
    head = head_of(path, _HEAD)
    whole = head if head.startswith(BYTE_ORDER_MARKS) or len(head) < _HEAD else head[: head.rfind(b"\n") + 1]
    return _export_of(path, decoded_text(path, whole))


def _export_of(path: Path, text: str) -> Export:
    if not text.strip():
        raise DataError("the file is empty", todo="Export it again, or remove it from the folder", file=path)
    counts = {
        delimiter: max(line.count(delimiter) for line in islice(io.StringIO(text, newline=None), FIRST_ROWS))
        for delimiter in _DELIMITERS
    }
    delimiter = max(counts, key=lambda name: counts[name])
    if counts[delimiter] + 1 < _HEADER_COLUMNS:
        raise DataError("the file is no table", todo="Export it as CSV, or remove it from the folder", file=path)
    whole, cut_off_rows = _without_cut_row(text)
    rows, lines = split_rows(path, whole, delimiter)
    return Export(path, whole, delimiter, rows, lines, cut_off_rows=cut_off_rows)


def _without_cut_row(text: str) -> tuple[str, int]:
    """The text up to its last line's end, and whether a line without end stood after it."""
    end = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text[:end], int(bool(text[end:].strip()))
