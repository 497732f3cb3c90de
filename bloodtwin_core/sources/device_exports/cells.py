"""Cells of a vendor's export as text, and what each is read as; whatever cannot be read is named by line and column.

Knows nothing of any vendor. Exports hold several tables of different columns in one file, so `read_table` of
common/csv_table.py, which wants one, does not fit.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.csv_table import first_true, refuse_no_row
from bloodtwin_core.common.errors import DataError, listed
from bloodtwin_core.common.given_files import content_of
from bloodtwin_core.records import Timestamps

CellTexts = npt.NDArray[np.object_]
"""Python strings, as pandas keeps the cells of a column, [row]."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:[.,][0-9]{1,9})?")
"""A decimal comma is as good as a point: no number in these exports reaches a thousands separator."""
BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
"""Of UTF-16."""
_MISSING = frozenset({"", "-", "--", "-------", "nan", "na", "n/a", "null", "none"})


@dataclass(frozen=True)
class Cells:
    """A table of an export: header [column], rows [row][column] stripped of blanks, lines [row] as an editor counts."""

    path: Path
    header: Sequence[str]
    header_line: int
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]

    def __len__(self) -> int:
        return len(self.rows)

    def fault(self, row: int, column: str, what: str, todo: str) -> DataError:
        """An error about one row (0-based) and column, with its line."""
        return DataError(what, todo=todo, file=self.path, line=self.lines[row], column=column)

    def has(self, column: str) -> bool:
        """Whether the table has this column."""
        return column in self.header

    def name_of(self, *names: str) -> str:
        """The first of several names of a column that the table has; DataError if it has none."""
        for name in names:
            if self.has(name):
                return name
        what = f"the column is missing; there are {listed(filter(None, self.header))}"
        todo = "Export the file again, in English, and leave it as it comes"
        raise DataError(what, todo=todo, file=self.path, line=self.header_line, column=names[0])

    def texts(self, column: str) -> CellTexts:
        """The cells of a column, [row]; empty where a row is too short. DataError if there is no such column."""
        place = list(self.header).index(self.name_of(column))
        return np.array([row[place] if place < len(row) else "" for row in self.rows], dtype=object)

    def where(self, keep: npt.NDArray[np.bool_]) -> "Cells":
        """The rows where keep [row] is true."""
        return self.reordered(np.flatnonzero(keep))

    def reordered(self, places: npt.NDArray[np.intp]) -> "Cells":
        """The rows at places [row], in that order."""
        return Cells(
            self.path, self.header, self.header_line, [self.rows[i] for i in places], [self.lines[i] for i in places]
        )

    def without_repeats(self) -> "Cells":
        """The rows without those that stand again, cell by cell; the first of each is kept."""
        places = {tuple(row): place for place, row in reversed(list(enumerate(self.rows)))}
        return self if len(places) == len(self) else self.reordered(np.array(sorted(places.values()), dtype=np.intp))

    def numbers(self, column: str, words: Mapping[str, float] | None = None) -> Floats:
        """A column as float64 [row], NaN where empty; words are read as the numbers they stand for.

        Raises DataError for anything else, and for a negative number: none of these quantities can be negative.
        """
        cells = self.texts(column)
        known = {**dict.fromkeys(_MISSING, np.nan), **{key.lower(): value for key, value in (words or {}).items()}}
        values = np.empty(len(cells))
        for row, cell in enumerate(cells):
            if _NUMBER.fullmatch(cell):
                values[row] = float(cell.replace(",", "."))
            elif cell.lower() in known:
                values[row] = known[cell.lower()]
            else:
                todo = "Write the number as the vendor exported it, or leave the field empty"
                raise self.fault(row, column, f"'{cell}' is not a number", todo)
        if (negative := first_true(values < 0)) is not None:
            todo = "Correct the number, or leave the field empty if it is not known"
            raise self.fault(negative, column, f"{values[negative]:g} cannot be negative", todo)
        return values

    def times(self, column: str, formats: Sequence[str]) -> Timestamps:
        """A column as local wall times [row], datetime64[s], NaT where empty; formats are strptime's, tried in turn.

        Raises DataError for a cell that fits none.
        """
        return parse_times(self, column, self.texts(column), formats)

    def required_times(self, column: str, formats: Sequence[str]) -> Timestamps:
        """A column as local wall times [row]; DataError for an empty cell too."""
        times = self.times(column, formats)
        if (row := first_true(np.isnat(times))) is not None:
            raise self.fault(row, column, "the row has no timestamp", "Add the timestamp, or remove the row")
        return times


def parse_times(cells: Cells, column: str, texts: CellTexts, formats: Sequence[str]) -> Timestamps:
    """texts [row] as local wall times [row], datetime64[s], NaT where empty; column says where they stand.

    Raises DataError for a text that fits none of the formats.
    """
    series = pd.Series(texts, dtype=object)
    parsed = pd.Series(np.full(len(series), np.datetime64("NaT", "s")))
    for fmt in formats:
        left = parsed.isna().to_numpy() & (series != "").to_numpy()
        if left.any():
            fitting = pd.to_datetime(series[left].astype(str), format=fmt, errors="coerce")
            parsed[left] = fitting.to_numpy().astype("datetime64[s]")
    if (row := first_true(parsed.isna().to_numpy() & (series != "").to_numpy())) is not None:
        shown = pd.Timestamp("2024-03-21 17:05").strftime(formats[0])
        raise cells.fault(
            row, column, f"'{texts[row]}' is not a date and time such as {shown}", "Correct the timestamp"
        )
    times: Timestamps = parsed.to_numpy().astype("datetime64[s]")
    return times


def read_text(path: Path) -> str:
    """The whole file as text, whatever its byte order mark; DataError if it cannot be read or is no text."""
    return decoded_text(path, content_of(path))


def decoded_text(path: Path, content: bytes) -> str:
    """The content of a file as text, whatever its byte order mark; DataError, which names path, if it is no text."""
    text = "\0" if b"\0" in content and not content.startswith(BYTE_ORDER_MARKS) else _decoded(content)
    if "\0" in text:
        raise DataError("the file is no text", todo="Export it as CSV, not as a spreadsheet or PDF", file=path)
    return text


def _decoded(content: bytes) -> str:
    """Text in UTF-16, UTF-8 or else in the code page of western Windows, which German exports are found in."""
    if content.startswith(BYTE_ORDER_MARKS):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # A name in a third encoding must not stop a file whose numbers are plain ASCII.
        return content.decode("cp1252", errors="replace")


def split_rows(path: Path, text: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    """Rows of stripped cells and the line each begins on; blank lines are left out.

    Raises DataError, with the line, for one that is too long, and where quotes are not closed as CSV wants them.
    """
    # Quotes are not given a say over line ends: no cell of these exports holds one, and an unpaired quote would
    # otherwise swallow the rest of the file.
    numbered = [(line, content.rstrip("\n")) for line, content in enumerate(io.StringIO(text, newline=None), start=1)]
    numbered = [(line, content) for line, content in numbered if content.strip()]
    for line, content in numbered:
        try:
            refuse_no_row(content)
        except ValueError as error:
            todo = "Export the file again, or remove the line"
            raise DataError(str(error), todo=todo, file=path, line=line) from error
    lines, contents = [line for line, _ in numbered], [content for _, content in numbered]
    if all(content.count('"') % 2 == 0 for content in contents):
        pieces = [(0, contents)]
    else:
        pieces = [(place, [content]) for place, content in enumerate(contents)]
    rows: list[list[str]] = []
    for place, piece in pieces:
        try:
            reader = csv.reader(piece, delimiter=delimiter, skipinitialspace=True)
            rows.extend([cell.strip() for cell in row] for row in reader)
        except csv.Error as error:
            line = lines[max(place, len(rows))]
            todo = "Mend or remove the line"
            raise DataError(f"the line is not CSV ({error})", todo=todo, file=path, line=line) from error
    return rows, lines
