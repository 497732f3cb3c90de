"""CSV tables of timestamps and numbers, read fast; what is wrong is found again slowly and named by line and column.

Knows nothing of glucose or insulin. Comment lines start with '#'; blank lines are skipped; a byte order mark, Windows
line ends and quoted fields are all right.
"""

import csv
import difflib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NoReturn, TextIO, cast

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Texts
from bloodtwin_core.common.decimals import Ascii, number_of, numbers_of, without_missing
from bloodtwin_core.common.errors import DataError, listed
from bloodtwin_core.common.files import require_ordinary
from bloodtwin_core.common.plain_rows import plain_rows

_COMMENT = "#"
_BLANK = " \t\r\n"
"""What a line may hold and still be blank; str.strip would take more, such as a vertical tab."""
_SHORTEST_ROW = 4
"""A shorter line may be blank, its end counted; where there is none, no line need be looked at by itself."""
_LONG_FIELD = 28
_LONGEST_LINE = 10_000
"""Characters; more are no row of a table but something else, whose fields as text could fill the memory."""
_AGAIN = "Export the file again; if it is whole, mend or remove the row"
_LOADED_LINE = 500
"""Characters of a line up to which all fields of its piece may be as wide as its longest without filling the memory."""
_LONGEST_TEXT = 200
"""Characters kept of a field that is read as text, since each takes the memory of the longest; no number has more."""
_ROWS_AT_ONCE = 5_000
"""Rows whose fields are in memory as text together, which the processor's cache holds."""


@dataclass(frozen=True)
class CsvTable:
    """A CSV file as read.

    comments: the '#' lines before the header, without '#'. texts: [row] per text column, empty where nothing is told.
    numbers: float64 [row] per number column, NaN where the field is empty, finite in float32.
    """

    path: Path
    comments: tuple[str, ...]
    texts: Mapping[str, Texts]
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
    a column that is missing, text or an infinity in a number column, a row with more or fewer fields than the header,
    and a last line without its end: of a file that was cut off, the last number may lack digits.
    """
    comments, columns, header_line = _read_head(path)
    aliases = {name: names[0] for names in numbers if isinstance(names, tuple) for name in names}
    columns = [aliases.get(name, name) for name in columns]
    number_columns = [names if isinstance(names, str) else names[0] for names in numbers]
    _require_columns(path, header_line, columns, [*texts, *number_columns])
    read_texts, read = _read_columns(path, columns, texts, number_columns)
    if rows_required and not len(next(iter({**read_texts, **read}.values()))):
        raise DataError(
            "the file has a header but no rows",
            todo="Export it again, or leave this pump out (data.pump_ids)",
            file=path,
            line=header_line,
        )
    if any(bool(_too_large(values).any()) for values in read.values()):
        _raise_first_fault(path, columns, number_columns)
    return CsvTable(path, tuple(comments), read_texts, read)


def line_of(path: Path, row: int) -> int:
    """The 1-based line, as an editor counts, on which data row `row` (0-based) stands."""
    with _opened(path) as file:
        line, _ = next(islice(_lines(file), row + 1, None))
        return line


def _opened(path: Path) -> TextIO:
    require_ordinary(path)
    # A note in another encoding must not stop a file whose numbers are plain ASCII.
    return path.open(encoding="utf-8-sig", errors="replace")


def _lines(file: TextIO) -> Iterator[tuple[int, str]]:
    """Lines that are neither blank nor comment, with their 1-based number; the header comes first."""
    return _contents(file, 1)


def _contents(lines: Iterable[str], first: int) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, start=first):
        content = line.split(_COMMENT, 1)[0].strip("\r\n")
        if content.strip(_BLANK):
            yield number, content


def refuse_no_row(line: str) -> None:
    """Raise ValueError for a line that is no row of any table: it is too long, or holds what no text does."""
    if len(line) > _LONGEST_LINE:
        raise ValueError(f"the line has {len(line)} characters, more than {_LONGEST_LINE}")
    if "\0" in line:
        raise ValueError("the line holds a NUL, which no text does")


def _fields(line: str) -> list[str]:
    """The fields of a line. Raises ValueError if it is no row, or its quotes are not as CSV wants them."""
    refuse_no_row(line)
    try:
        return [field.strip() for field in next(csv.reader([line]))]
    except csv.Error as error:
        raise ValueError(f"the line is not CSV ({error})") from error


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
    except ValueError as error:
        raise DataError(str(error), todo=_AGAIN, file=path, line=number) from error
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
            present = listed(columns)
            raise DataError(f"the column is missing; there are {present}", todo=hint, file=path, line=line, column=name)


def _read_columns(
    path: Path, columns: list[str], texts: Sequence[str], numbers: Sequence[str]
) -> tuple[dict[str, Texts], dict[str, npt.NDArray[np.float64]]]:
    """The wanted columns, piece by piece, so that the text of a long file is never in memory whole."""
    places = [columns.index(name) for name in (*texts, *numbers)]
    pieces: list[list[npt.NDArray[np.generic]]] = []
    try:
        with _opened(path) as file:
            next(_lines(file))
            while lines := list(islice(file, _ROWS_AT_ONCE)):
                pieces.append(_piece_of(lines, len(columns), places[: len(texts)], places[len(texts) :]))
    except ValueError as error:
        _raise_first_fault(path, columns, list(numbers), error)
    nothing: list[npt.NDArray[np.generic]] = [*(np.empty(0, np.str_) for _ in texts), *(np.empty(0) for _ in numbers)]
    whole = [np.concatenate(column) for column in zip(*(pieces or [nothing]), strict=True)]
    told_columns, number_columns = whole[: len(texts)], whole[len(texts) :]
    return (
        {name: column.astype(np.str_, copy=False) for name, column in zip(texts, told_columns, strict=True)},
        {name: column.astype(np.float64, copy=False) for name, column in zip(numbers, number_columns, strict=True)},
    )


def _piece_of(
    lines: list[str], columns: int, texts: Sequence[int], numbers: Sequence[int]
) -> list[npt.NDArray[np.generic]]:
    """The wanted columns of lines, [row] each: texts, then numbers. Raises ValueError for what is no row of numbers."""
    if (rows := plain_rows("".join(lines), columns)) is not None:
        return [*(_text(rows.texts(place)) for place in texts), *(rows.numbers(place) for place in numbers)]
    fields = _fields_of(lines, columns)
    if not lines[-1].endswith("\n") and lines[-1].split(_COMMENT, 1)[0].strip(_BLANK):
        raise ValueError("the last line has no end")
    if any((np.strings.str_len(fields[:, place]) > _LONGEST_TEXT).any() for place in numbers):
        raise ValueError("a number is too long")
    told = [_text(fields[:, place]) for place in texts]
    return [*told, *(numbers_of(_ascii(fields[:, place])) for place in numbers)]


def _fields_of(lines: list[str], columns: int) -> Texts | Ascii:
    """The fields of lines, [row, column]; Raises ValueError if a row or its line is too long or too short."""
    rows, text = lines, "".join(lines)
    if min(map(len, lines)) <= _SHORTEST_ROW or _COMMENT in text:
        rows = [content for _, content in _contents(lines, 0)]
    if not rows:
        return np.empty((0, columns), dtype=np.str_)
    if "\0" in text:  # numpy would take it for the end of a field.
        raise ValueError("a line holds a NUL")
    if max(map(len, rows)) > _LONGEST_LINE:
        raise ValueError("a line is too long")
    if max(map(len, rows)) <= _LOADED_LINE:
        with suppress(ValueError):  # Rows differ in length.
            fields = _loaded(rows, text.isascii())
            if fields.shape[1] == columns:
                return np.strings.strip(fields) if " " in text else fields
    split = [_fields(row) for row in rows]
    if any(len(row) != columns for row in split):
        raise ValueError("a row has more or fewer fields than the header")
    return np.array([[field[: _LONGEST_TEXT + 1] for field in row] for row in split], dtype=np.str_)


def _loaded(rows: list[str], is_ascii: bool) -> Texts | Ascii:
    """The same for rows of one length, as bytes where possible, which is four times as fast."""
    if is_ascii:
        fields = _load(rows, f"S{_LONG_FIELD}")
        if (np.strings.str_len(fields) < _LONG_FIELD).all():  # What fills it may have been cut.
            return fields
    return _load(rows, "U")


def _load(rows: list[str], dtype: str) -> Texts | Ascii:
    fields: Texts | Ascii = np.loadtxt(
        rows, dtype=np.dtype(dtype), delimiter=",", comments=None, quotechar='"', ndmin=2
    )
    return fields


def _text(fields: Texts | Ascii) -> Texts:
    """Fields as text, in no more memory than the longest needs, empty where one says that there is nothing."""
    longest = min(int(np.strings.str_len(fields).max()), _LONGEST_TEXT) if len(fields) else 0
    return without_missing(fields.astype(f"{fields.dtype.kind}{max(longest, 1)}").astype(np.str_))


def _ascii(fields: Texts | Ascii) -> Ascii:
    if fields.dtype.kind == "S":
        return cast(Ascii, fields)
    return np.char.encode(cast(Texts, fields), "ascii", "replace")


def _raise_first_fault(path: Path, columns: list[str], numbers: list[str], error: Exception | None = None) -> NoReturn:
    places = {columns.index(name): name for name in numbers}
    line = 0
    with _opened(path) as file:
        for line, content in islice(_lines(file), 1, None):
            try:
                fields = _fields(content)
            except ValueError as fault:
                raise DataError(str(fault), todo=_AGAIN, file=path, line=line) from error
            if len(fields) != len(columns):
                what = f"the row has {len(fields)} fields, the header {len(columns)}"
                raise DataError(what, todo=_AGAIN, file=path, line=line) from error
            for place, name in places.items():
                if place < len(fields) and (what := _number_fault(fields[place])):
                    todo = "Write a number, or leave the field empty if it was not measured"
                    raise DataError(what, todo=todo, file=path, line=line, column=name) from error
    if _is_cut(path):
        what = "the last line has no end, so that the file may have been cut off within a number"
        raise DataError(what, todo="Export it again, or end the line if it is whole", file=path, line=line)
    raise DataError(
        f"the file is not a table of numbers ({error})", todo="Export it again as CSV", file=path
    ) from error


def _is_cut(path: Path) -> bool:
    """Whether the last line has no end."""
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) not in b"\r\n"


def _number_fault(field: str) -> str:
    if len(field) > _LONGEST_TEXT:
        return f"'{field}' is not a number: it has {len(field)} characters"
    try:
        number = number_of(field)
    except ValueError as error:
        return str(error)
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
