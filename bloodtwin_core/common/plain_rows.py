"""Rows of a CSV table as most programs write them, taken apart many at a time.

Plain is what needs no look at single characters: ASCII, without quotes, comments or blanks, each row with as many
fields as the header. What is not plain is for the reader of csv_table.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.decimals import WIDEST, Ascii, numbers_of_characters

_SEPARATOR, _END, _SPACE = (np.uint8(ord(character)) for character in ",\n ")
_LONGEST_FIELD = 64
"""Characters; the fields of a column lie in memory as if all had as many as the longest."""


@dataclass(frozen=True)
class PlainRows:
    """Bytes [byte] of rows and 64 more, and where each field begins and how long it is, both [row, column]."""

    content: npt.NDArray[np.uint8]
    first: npt.NDArray[np.int64]
    length: npt.NDArray[np.int64]

    def numbers(self, column: int) -> Floats:
        """The numbers of a column, float64 [row], NaN where there is none. Raises ValueError for other text."""
        characters, length = self._characters(column, WIDEST), self.length[:, column]
        return numbers_of_characters(characters, length, lambda row: self._field(row, column))

    def texts(self, column: int) -> Ascii:
        """The fields of a column, [row]."""
        characters = self._characters(column, _LONGEST_FIELD)
        return cast(Ascii, np.ascontiguousarray(characters.T).view(f"S{len(characters)}")[:, 0])

    def _characters(self, column: int, most: int) -> npt.NDArray[np.uint8]:
        """The first characters of each field of a column, [character, row], zero behind its end."""
        length = self.length[:, column]
        width = min(max(int(length.max()), 1), most)
        # What begins at each byte, so that a field is copied at once.
        beginnings = np.ndarray(len(self.content) - _LONGEST_FIELD + 1, f"V{width}", self.content, strides=(1,))
        characters = beginnings[self.first[:, column]].view(np.uint8).reshape(len(length), width).T
        return np.ascontiguousarray(characters) * (np.arange(width, dtype=np.uint8)[:, None] < length.astype(np.uint8))

    def _field(self, row: int, column: int) -> bytes:
        first = self.first[row, column]
        return self.content[first : first + self.length[row, column]].tobytes()


def plain_rows(text: str, columns: int) -> PlainRows | None:
    """The rows of whole lines, or None if one of them is not plain."""
    if columns == 1 or not text.endswith("\n"):  # A blank line could be a field.
        return None
    if not text.isascii() or '"' in text or "#" in text:
        return None
    encoded = text.encode("ascii")
    content, rows = np.frombuffer(encoded + bytes(_LONGEST_FIELD), dtype=np.uint8), encoded.count(b"\n")
    if np.count_nonzero(content <= _SPACE) != rows + _LONGEST_FIELD:
        return None
    ends = np.flatnonzero((content == _END) | (content == _SEPARATOR))
    if len(ends) != rows * columns or not (content[ends[columns - 1 :: columns]] == _END).all():
        return None
    first = np.concatenate([[0], ends[:-1] + 1]).reshape(rows, columns)
    length = ends.reshape(rows, columns) - first
    return PlainRows(content, first, length) if length.max() <= _LONGEST_FIELD else None
