"""Rows of CareLink's exports that stand where no header says what is in them: they would be lost without a word."""

import re
from collections.abc import Sequence

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.sources.device_exports.export import Export

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")


def is_entry(row: Sequence[str]) -> bool:
    """Whether a row begins as an entry of a log does, with a number and a day."""
    return len(row) > 2 and _NUMBER.fullmatch(row[0]) is not None and _DAY.fullmatch(row[1]) is not None


def entry_without_header(export: Export, place: int) -> DataError:
    """The error for an entry that stands below no header; place: its row."""
    todo = "Export the file again, and leave it as it comes"
    what = "the row stands below no header, which would say what is in it"
    return DataError(what, todo=todo, file=export.path, line=export.lines[place])
