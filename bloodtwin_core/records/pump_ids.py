"""What a pump is called: the one place in which a pump id is made from what a file, a folder or a cloud says.

A pump id becomes part of names of files and folders, of the words of messages, and of titles of plots and pages.
"""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from bloodtwin_core.common.errors import DataError

LONGEST_PUMP_ID = 100
"""Characters; with what stands before and after it, a file name stays below the 255 bytes that file systems take."""
_PUMP_ID = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{LONGEST_PUMP_ID - 1}}}")
ALLOWED = f"at most {LONGEST_PUMP_ID} letters (a to z), digits, '-', '_' and '.', a letter or digit first"


def is_pump_id(text: str) -> bool:
    """Whether a pump may be called so."""
    return _PUMP_ID.fullmatch(text) is not None


def _valid(text: str) -> str:
    if not is_pump_id(text):
        raise ValueError(f"'{text}' is no pump id; it has {ALLOWED}")
    return text


PumpId = Annotated[str, AfterValidator(_valid)]
"""A pump id, in models that are read from a file and in records; of plain text pump_id_of makes one."""


def pump_id_of(text: str, *, file: Path | None = None) -> PumpId:
    """The pump id that text is. Raises DataError, with the file that says so, for text that is none."""
    try:
        return _valid(text)
    except ValueError:
        todo = f"Name the pump, or its folder, by {ALLOWED}"
        raise DataError(f"the pump id '{text}' cannot be part of a file name", todo=todo, file=file) from None
