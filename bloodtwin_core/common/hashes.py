"""SHA-256 of files, of large ones once: for whoever checks the same files again and again."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from bloodtwin_core.common.files import sha256_of

LARGE = 2**30
"""Bytes from which on a file is read once, as long as its size, inode and time of change stay."""

Stamp = tuple[int, int, int]


@dataclass(eq=False)
class Hashes:
    """What was hashed so far in a run."""

    large: int = LARGE
    _known: dict[Path, tuple[Stamp, str]] = field(default_factory=dict, init=False, repr=False)

    def of(self, path: Path) -> str:
        """The sha256 of a file, as 64 hexadecimal digits."""
        stamp = _stamp(path.stat())
        if path in self._known and self._known[path][0] == stamp:
            return self._known[path][1]
        sha256 = sha256_of(path)
        if stamp[0] >= self.large:
            self._known[path] = stamp, sha256
        return sha256


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_size, status.st_ino, status.st_mtime_ns
