"""CSV tables of timestamps and numbers, read fast; what is wrong is found again slowly and named by line and column.

Knows nothing of glucose or insulin. Comment lines start with '#'; blank lines are skipped; a byte order mark, Windows
line ends and quoted fields are all right.
"""

import csv
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NoReturn, TextIO

import numpy as np
import numpy.typing as npt
import pandas as pd

from bloodtwin_core.common.errors import DataError

_COMMENT = "#"
_BLANK = " \t\r\n"
"""What pandas takes for a blank line; str.strip would take more, such as a vertical tab, and count other rows."""
_MISSING = frozenset({"", "na", "nan", "n/a", "null", "none", "<na>", "#n/a"})
"""How pandas and common spreadsheets write a number that is not there, in lower case."""


@dataclass(frozen=True)
class CsvTable:
    """A CSV file as read.

    comments: the '#' lines before the header, without '#'. texts: object [row] per text column. numbers: float64
    [row] per number column, NaN where the field is empty, finite in float32.
    """

    path: Path
    comments: tuple[str, ...]
    texts: Mapping[str, npt.NDArray[np.object_]]
    numbers: Mapping[str, npt.NDArray[np.float64]]

    def fault(self, row: int, column: str, what: str, todo: str) -> DataError:
        """An error about one row (0-based) and column, with its line."""
        return DataError(what, todo=todo, file=self.path, line=line_of(self.path, row), column=column)


def columns_of(path: Path) -> list[str]:
    """The names in a file's header. Raises DataError for a file that is missing or empty."""
    return _read_head(path)[1]


def read_table(
    path: Path, texts: Sequence[str], numbers: Sequence[str | tuple[str, ...]], *, rows_required: bool = True
) -> CsvTable:
    """Read the named columns, in whatever order the file has them; other columns are ignored.

    A number column may be a tuple of names that mean the same; the result has it under the first.
    Raises DataError, with file, line and column, for a file that is missing, empty, or (if rows_required) without rows,
    a column that is missing, text or an infinity in a number column, and a row with more fields than the header.
    """
    comments, columns, header_line = _read_head(path)
    aliases = {name: names[0] for names in numbers if isinstance(names, tuple) for name in names}
    columns = [aliases.get(name, name) for name in columns]
    number_columns = [names if isinstance(names, str) else names[0] for names in numbers]
    _require_columns(path, header_line, columns, [*texts, *number_columns])
    frame = _read_frame(path, columns, list(texts), number_columns)
    if frame.empty and rows_required:
        raise DataError(
            "the file has a header but no rows",
            todo="Export it again, or leave this pump out (data.pump_ids)",
            file=path,
            line=header_line,
        )
    read = {name: frame[name].to_numpy(dtype=np.float64) for name in number_columns}
    if any(bool(_too_large(values).any()) for values in read.values()):
        _raise_first_fault(path, columns, number_columns)
    return CsvTable(path, tuple(comments), {name: frame[name].to_numpy(dtype=object) for name in texts}, read)


def line_of(path: Path, row: int) -> int:
    """The 1-based line, as an editor counts, on which data row `row` (0-based) stands."""
    with _opened(path) as file:
        line, _ = next(islice(_lines(file), row + 1, None))
        return line


def _opened(path: Path) -> TextIO:
    # A note in another encoding must not stop a file whose numbers are plain ASCII.
    return path.open(encoding="utf-8-sig", errors="replace")


def _lines(file: TextIO) -> Iterator[tuple[int, str]]:
    """Lines that are neither blank nor comment, with their 1-based number; the header comes first."""
    for number, line in enumerate(file, start=1):
        content = line.split(_COMMENT, 1)[0].strip("\r\n")
        if content.strip(_BLANK):
            yield number, content


def _fields(line: str) -> list[str]:
    return [field.strip() for field in next(csv.reader([line]))]


def _read_head(path: Path) -> tuple[list[str], list[str], int]:
    """Comments before the header, the header's column names and its line."""
    try:
        with _opened(path) as file:
            comments: list[str] = []
            for number, line in enumerate(file, start=1):
                content = line.strip(_BLANK)
                if content.startswith(_COMMENT):
                    comments.append(content.lstrip(_COMMENT).strip())
                elif content:
                    return comments, _fields(content), number
    except OSError as error:
        raise DataError(
            f"the file cannot be read: {error.strerror or error}", todo="Check data.root and the file's name", file=path
        ) from error
    what = "the file holds comments but no header and no rows" if comments else "the file is empty"
    raise DataError(what, todo="Export it again, or leave this pump out (data.pump_ids)", file=path)


def _require_columns(path: Path, line: int, columns: list[str], required: list[str]) -> None:
    for name in required:
        if columns.count(name) > 1:
            raise DataError("the column stands twice", todo="Keep one of the two", file=path, line=line, column=name)
        if name not in columns:
            others = {other.lower(): other for other in columns if other not in required}
            likely = difflib.get_close_matches(name.lower(), others, n=1, cutoff=0.4)
            hint = f"Rename column '{others[likely[0]]}' to '{name}'" if likely else f"Add a column '{name}'"
            found = ", ".join(columns)
            raise DataError(f"the column is missing; there are {found}", todo=hint, file=path, line=line, column=name)


def _read_frame(path: Path, columns: list[str], texts: list[str], numbers: list[str]) -> pd.DataFrame:
    # Columns nobody asked for may have no name or the same one, so each gets a place of its own.
    wanted = {*texts, *numbers}
    names = [name if name in wanted else f"\0{place}" for place, name in enumerate(columns)]
    try:
        frame = pd.read_csv(
            path,
            comment=_COMMENT,
            header=0,
            names=names,
            dtype={name: np.float64 if name in numbers else object for name in names},
            skipinitialspace=True,
            encoding="utf-8-sig",
            encoding_errors="replace",
        )
    except (ValueError, OverflowError) as error:  # ParserError is a ValueError
        _raise_first_fault(path, columns, numbers, error)
    if not isinstance(frame.index, pd.RangeIndex):  # pandas took surplus fields for row labels
        _raise_first_fault(path, columns, numbers)
    return frame


def _raise_first_fault(path: Path, columns: list[str], numbers: list[str], error: Exception | None = None) -> NoReturn:
    places = {columns.index(name): name for name in numbers}
    with _opened(path) as file:
        for line, content in islice(_lines(file), 1, None):
            fields = _fields(content)
            if len(fields) > len(columns):
                what = f"the row has {len(fields)} fields, the header {len(columns)}"
                raise DataError(what, todo="Mend or remove the row", file=path, line=line) from error
            for place, name in places.items():
                if place < len(fields) and (what := _number_fault(fields[place])):
                    todo = "Write a number, or leave the field empty if it was not measured"
                    raise DataError(what, todo=todo, file=path, line=line, column=name) from error
    raise DataError(
        f"the file is not a table of numbers ({error})", todo="Export it again as CSV", file=path
    ) from error


def _number_fault(field: str) -> str:
    if field.lower() in _MISSING:
        return ""
    try:
        number = float(field)
    except ValueError:
        return f"'{field}' is not a number"
    return f"'{field}' is not a finite number" if _too_large(np.array(number)) else ""


def first_true(mask: npt.NDArray[np.bool_]) -> int | None:
    """Index of the first true of [row], None if there is none."""
    first = int(np.argmax(mask)) if len(mask) else 0
    return first if len(mask) and mask[first] else None


def _too_large(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Where a number is infinite, or would be as the float32 of a record."""
    with np.errstate(over="ignore"):
        too_large: npt.NDArray[np.bool_] = np.isinf(values.astype(np.float32))
    return too_large
