"""Numbers from their text, many at a time."""

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats, Texts

_MISSING = frozenset({"", "na", "nan", "n/a", "null", "none", "<na>", "#n/a"})
"""How common programs and spreadsheets write a number that is not there, in lower case."""
_LONGEST_MISSING = max(len(text) for text in _MISSING)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.ASCII | re.IGNORECASE)
WIDEST = 15
"""Characters of a number that is read together with others. So many digits are a whole number that float64 holds
exactly, as it does a power of ten that large, so that their quotient is the number nearest to the text: the fast path
of Clinger, "How to read floating point numbers accurately", PLDI 1990."""
_ZERO, _NINE, _POINT, _MINUS = (np.uint8(ord(character)) for character in "09.-")

Ascii = npt.NDArray[np.bytes_]


def is_missing(text: str) -> bool:
    """Whether the text says that there is no number."""
    return text.strip().lower() in _MISSING


def without_missing(texts: Texts) -> Texts:
    """The texts [row], empty where one says that there is nothing."""
    short = np.flatnonzero(np.strings.str_len(texts) <= _LONGEST_MISSING)
    if not len(short):
        return texts
    kept = texts.copy()
    kept[short] = ["" if is_missing(text) else text for text in texts[short].tolist()]
    return kept


def number_of(text: str) -> float:
    """The number that the text writes, NaN where it says that there is none. Raises ValueError for other text."""
    if is_missing(text):
        return np.nan
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueError(f"'{text}' is not a number")
    return float(text)


def number_or_nan(text: str) -> float:
    """The number that the text writes, NaN for other text."""
    try:
        return number_of(text)
    except ValueError:
        return np.nan


def numbers_of(fields: Ascii) -> Floats:
    """As number_of, for [row] at a time: plain decimals together, the others one by one."""
    if not len(fields):
        return np.empty(0)
    length = np.strings.str_len(fields)
    width = min(max(int(length.max()), 1), WIDEST)
    characters = np.ascontiguousarray(fields.astype(f"S{width}").view(np.uint8).reshape(len(fields), width).T)
    return numbers_of_characters(characters, length, lambda row: bytes(fields[row]))


def numbers_of_characters(
    characters: npt.NDArray[np.uint8], length: npt.NDArray[np.int64], field: Callable[[int], bytes]
) -> Floats:
    """The same for fields of which the first 15 bytes are [character, row], zero behind their end.

    field gives the whole bytes of a row for which that is not enough.
    """
    digits = characters - _ZERO  # Unsigned: what is less becomes large.
    is_digit, is_point = digits <= _NINE - _ZERO, characters == _POINT
    places = np.arange(len(characters), dtype=np.uint8)[:, None]
    points, minus = is_point.sum(axis=0, dtype=np.uint8), characters[0] == _MINUS
    told = is_digit.sum(axis=0, dtype=np.uint8)
    plain = (length == told + points + minus) & (points <= 1) & (told >= 1)
    point = np.where(points > 0, (is_point * places).sum(axis=0, dtype=np.uint8), length).astype(np.uint8)
    numbers = _quotients((digits * is_digit).astype(np.float64), np.where(plain, point, 0))
    np.negative(numbers, out=numbers, where=minus)
    numbers[length == 0] = np.nan
    for row in np.flatnonzero(~plain & (length > 0)).tolist():
        numbers[row] = number_of(field(row).decode("ascii"))
    return numbers


def _quotients(digits: Floats, point: npt.NDArray[np.uint8]) -> Floats:
    """The numbers of digits [character, row], zero where no digit is, whose point stands at `point` [row]."""
    numbers = np.zeros(digits.shape[1])
    width = len(digits)
    powers = 10.0 ** np.arange(width, -1, -1)
    for place in np.flatnonzero(np.bincount(point)):  # A column has few; to choose its rows would take longer.
        weights = np.concatenate([powers[1 : place + 1], powers[place:width]])
        np.copyto(numbers, weights @ digits / powers[place], where=point == place)
    return numbers
