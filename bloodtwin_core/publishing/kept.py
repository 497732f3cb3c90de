"""The files that versions were trained from, kept so that each can be trained again: by content, and compressed.

A file is kept once, under its sha256, however many versions it belongs to.
"""

import gzip
import hashlib
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.common.files import atomic_write

_SUFFIX = ".gz"
_BLOCK = 2**20
_Bytes = BinaryIO | gzip.GzipFile


@dataclass(frozen=True)
class KeptFiles:
    """Files of known content in one folder. Whoever writes there holds the lock of the artifacts."""

    folder: Path

    def keep(self, path: Path, sha256: str) -> None:
        """Keep a file, if it is not kept yet.

        Raises ArtifactMissing if it is gone or of another content, StorageError if there is no room for it.
        """
        place = self._place(sha256)
        if place.exists():
            return
        if not path.is_file():
            raise ArtifactMissing(f"{path}, which the version was trained from, is not there any more")
        with atomic_write(place) as temporary:
            # Without name and time, so that the same content gives the same bytes.
            with (
                path.open("rb") as content,
                temporary.open("wb") as raw,
                gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
            ):
                copied = _copied(content, packed)
            if copied != sha256:
                raise ArtifactMissing(f"{path} changed since the version was trained from it. Materialize it all again")

    def holds(self, files: Collection[str]) -> bool:
        """Whether every file of these sha256 is kept."""
        return all(self._place(sha256).is_file() for sha256 in files)

    def restore(self, sha256: str, path: Path) -> None:
        """Write a kept file to path. Raises ArtifactMissing if it is not kept or was damaged."""
        place = self._place(sha256)
        try:
            with atomic_write(path) as temporary:
                with gzip.open(place) as packed, temporary.open("wb") as content:
                    copied = _copied(packed, content)
                if copied != sha256:
                    raise ArtifactMissing(f"{place} changed since it was kept")
        except (FileNotFoundError, gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ArtifactMissing(f"{place} is not there or damaged ({error})") from error

    def prune(self, groups: Sequence[Collection[str]], most_bytes: int) -> int:
        """Remove what is in no group, and what does not fit; the first groups stay. Returns how many files went."""
        there = {path.name.removesuffix(_SUFFIX): path for path in self.folder.glob(f"[!.]*{_SUFFIX}")}
        kept: set[str] = set()
        left = most_bytes
        for group in groups:
            new = [sha256 for sha256 in group if sha256 in there and sha256 not in kept]
            left -= sum(there[sha256].stat().st_size for sha256 in new)
            if left < 0:
                break
            kept.update(new)
        gone = [path for sha256, path in there.items() if sha256 not in kept]
        for path in gone:
            path.unlink()
        return len(gone)

    def faults(self) -> list[str]:
        """Every kept file that was changed since, in words."""
        faults = []
        for path in sorted(self.folder.glob(f"[!.]*{_SUFFIX}")):
            try:
                with gzip.open(path) as packed:
                    same = _copied(packed) == path.name.removesuffix(_SUFFIX)
            except (OSError, EOFError, zlib.error):
                same = False
            if not same:
                faults.append(f"{path} changed since it was kept: its content is not of that sha256")
        return faults

    def _place(self, sha256: str) -> Path:
        return self.folder / f"{sha256}{_SUFFIX}"


def _copied(source: _Bytes, to: _Bytes | None = None) -> str:
    """Copy a file, and return the sha256 of what was in it."""
    digest = hashlib.sha256()
    while block := source.read(_BLOCK):
        digest.update(block)
        if to is not None:
            to.write(block)
    return digest.hexdigest()
