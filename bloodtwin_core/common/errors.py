"""The errors that bloodTwin raises for what a user can mend.

Each message says what happened, where (file, line, column, pump or setting) and what to do.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

LONGEST_QUOTE = 200
"""Characters quoted of what was given."""
_LONGEST_MESSAGE = 4_000
_LONG_WORD = re.compile(rf"\S{{{LONGEST_QUOTE + 1},}}")
_QUOTED = re.compile(rf"'[^'\n]{{{LONGEST_QUOTE + 1},}}'")


def shortened(text: str, longest: int = LONGEST_QUOTE) -> str:
    """A text of which at most so many characters are left, and whether something was left out."""
    return text if len(text) <= longest else f"{text[:longest]}..."


def listed(names: Iterable[str]) -> str:
    """Names one after the other; of many the first."""
    return shortened(", ".join(names))


def printable(text: str) -> str:
    """A text whose characters a terminal shows and does not obey; others are written as Python escapes them."""
    return "".join(char if char.isprintable() or char == "\n" else ascii(char)[1:-1] for char in text)


def _message(text: str) -> str:
    """A message as people may see it: what it quotes of files and servers is short, and plain text."""
    short = _QUOTED.sub(lambda quoted: f"'{shortened(quoted[0][1:-1])}'", text)
    short = _LONG_WORD.sub(lambda word: shortened(word[0]), short)
    return printable(shortened(short, _LONGEST_MESSAGE))


class BloodTwinError(Exception):
    """Something that the user of bloodTwin can mend; the message says how."""

    def __init__(self, message: str) -> None:
        super().__init__(_message(message))

    def __reduce__(self) -> tuple[Callable[..., "BloodTwinError"], tuple[type[Self], str, dict[str, Any]]]:
        """How it reaches another process: Python's own way would call __init__ with the message alone."""
        return _as_it_was, (type(self), str(self), self.__dict__)


def _as_it_was(kind: type[BloodTwinError], message: str, state: dict[str, Any]) -> BloodTwinError:
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error


class SettingsError(BloodTwinError):
    """A setting is unknown, out of its limits, or does not fit what is there."""


class DataError(BloodTwinError):
    """Data could not be read or used.

    where is file, line (1-based, as an editor counts) and column name, as far as they are known.
    """

    def __init__(
        self, what: str, *, todo: str, file: Path | None = None, line: int | None = None, column: str | None = None
    ) -> None:
        self.what, self.todo = _message(what), todo
        self.file, self.line, self.column = file, line, column
        places = [str(file) if file else "", f"line {line}" if line else "", f"column {column}" if column else ""]
        where = ", ".join(place for place in places if place)
        # A path is not shortened: it is what the user has to look for.
        Exception.__init__(
            self, f"{printable(where)}: {self.what}. {self.todo}" if where else f"{self.what}. {self.todo}"
        )


class TooFewWindows(DataError):
    """A split holds no forecast origin, or none of which a target was measured."""


class CheckpointMismatch(BloodTwinError):
    """A checkpoint was trained with other settings or on other data than are asked for now."""


class ArtifactMissing(BloodTwinError):
    """A file that an earlier stage should have left is not there, or was changed since."""

    @classmethod
    def unreadable(cls, path: Path, error: Exception, asset: str) -> Self:
        """The error for a file that asset should have left and that is not there or damaged."""
        return cls(f"{path} is not there or damaged ({in_brief(error)}). Materialize {asset} first")


class StorageError(BloodTwinError):
    """A file or folder could not be written: no permission, a full disk, a read-only place."""


class FolderInUse(BloodTwinError):
    """Somebody else writes to a folder, and only one may."""

    @classmethod
    def held_by(cls, folder: object, holder: str) -> Self:
        """The error for a folder, or its address, that holder, in words, writes to."""
        return cls(
            f"{folder} is in use by {holder}. Wait until that has ended, let this one wait (--wait, or wait: true "
            "beside artifacts.root), or choose another model.name"
        )


class TrainingFailed(BloodTwinError):
    """Training ended without a checkpoint that is worth keeping."""


class NotReproduced(BloodTwinError):
    """A version that was trained again has other bytes than before."""


def in_brief(error: Exception) -> str:
    """What an error of a library says, on one line: for pydantic the first field that is wrong, and why."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        return f"{field}: {first['msg']}" if field else first["msg"]
    return str(error).strip().split("\n")[0]
