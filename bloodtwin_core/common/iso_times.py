"""ISO 8601 timestamps from their text, many at a time."""

from contextlib import suppress
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Texts

_FORM = "0000-00-00T00:00:00"
_SECONDS = len(_FORM)
_UTC = ("Z", "+00:00")
_ZERO, _NINE, _BLANK = (ord(character) for character in "09 ")


def utc_times(texts: Texts) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.bool_]]:
    """UTC, datetime64[s] [row], rounded to the second, NaT for what is no timestamp, and whether each told a zone."""
    width = texts.dtype.itemsize // np.dtype("U1").itemsize
    for zone in _UTC:
        if width == _SECONDS + len(zone) and np.strings.endswith(texts, zone).all() and _of_form(texts, width):
            # Not of bytes, which numpy reads twice as fast: of more than 500, one that is no date ends the process.
            with suppress(ValueError):  # One of them is no timestamp.
                return texts.astype(f"U{_SECONDS}").astype("datetime64[s]"), np.ones(len(texts), np.bool_)
    read = [_one(text) for text in texts.tolist()]
    return np.array([time for time, _ in read], "datetime64[s]"), np.array([zoned for _, zoned in read], np.bool_)


def _of_form(texts: Texts, width: int) -> bool:
    """Whether all texts [row] are of one form; numpy would take others too, such as a zone in place of the seconds."""
    codes = np.ascontiguousarray(texts).view(np.uint32).reshape(len(texts), width)
    for place, character in enumerate(_FORM):
        code = codes[:, place]
        right = (code >= _ZERO) & (code <= _NINE) if character == "0" else code == ord(character)
        if not (right | (code == _BLANK) if character == "T" else right).all():
            return False
    return True


def _one(text: str) -> tuple[np.datetime64, bool]:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return np.datetime64(moment.replace(microsecond=0), "s"), False
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return np.datetime64("NaT", "s"), False
    whole = np.datetime64(moment.replace(tzinfo=None, microsecond=0), "s")
    return whole + np.timedelta64(round(moment.microsecond / 1e6), "s"), True
