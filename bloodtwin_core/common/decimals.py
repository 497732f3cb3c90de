"""Numbers from their text, many at a time."""

import re

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats, Texts

_MISSING = frozenset({"", "na", "nan", "n/a", "null", "none", "<na>", "#n/a"})
"""How common programs and spreadsheets write a number that is not there, in lower case."""
_LONGEST_MISSING = max(len(text) for text in _MISSING)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?", re.ASCII | re.IGNORECASE)
_EXACT_DIGITS = 15
"""A whole number of so many digits, and a power of ten as large, are exact in float64, so that their quotient is the
number nearest to the text: the fast path of Clinger, "How to read floating point numbers accurately", PLDI 1990."""
_POWERS = 10.0 ** np.arange(_EXACT_DIGITS + 1)
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


def numbers_of(fields: Ascii) -> Floats:
    """As number_of, for [row] at a time: plain decimals together, the others one by one."""
    if not len(fields):
        return np.empty(0)
    length = np.strings.str_len(fields)
    width = max(int(length.max()), 1)
    codes = np.ascontiguousarray(fields.astype(f"S{width}").view(np.uint8).reshape(len(fields), width).T)
    minus = codes[0] == _MINUS
    whole = np.zeros(len(fields), np.int64)
    digits, decimals, points = (np.zeros(len(fields), np.uint8) for _ in range(3))
    for code in codes:
        digit = code - _ZERO  # Unsigned: what is less becomes large.
        is_digit, is_point = digit <= _NINE - _ZERO, code == _POINT
        whole = np.where(is_digit, 10 * whole + digit, whole)
        digits += is_digit
        decimals += is_digit & (points > 0)
        points += is_point
    plain = (length == digits + points + minus) & (points <= 1) & (digits >= 1) & (digits <= _EXACT_DIGITS)
    numbers: Floats = np.where(minus, -1.0, 1.0) * whole / _POWERS[np.minimum(decimals, _EXACT_DIGITS)]
    numbers[length == 0] = np.nan
    for row in np.flatnonzero(~plain & (length > 0)):
        numbers[row] = number_of(fields[row].decode("ascii"))
    return numbers
