"""One owner a folder: a lock of the operating system on a file in it, which dies with the process that holds it.

The file says who holds the lock and since when. It is removed with the lock; one that a killed process left is
nobody's, and the next owner takes it over. Where steps of one run are processes of their own they share the run's
name: they wait for each other, and between two steps the folder is free.
"""

import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bloodtwin_core.common.errors import FolderInUse
from bloodtwin_core.common.files import private_folder, storage_errors

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

logger = logging.getLogger(__name__)

LOCK = ".lock"
WAITING_SECONDS = 0.2
"""How often a waiting owner asks again."""


class Holder(BaseModel):
    """What the lock's file says: what holds it, as part of which run, as which process, since when."""

    model_config = ConfigDict(frozen=True)

    what: str
    run: str
    pid: int
    host: str
    since: datetime

    def __str__(self) -> str:
        return f"{self.what} (process {self.pid} on {self.host}), since {self.since:%Y-%m-%d %H:%M:%S} UTC"


@dataclass
class _Held:
    descriptor: int
    depth: int
    made: list[Path]
    """Folders that are there for the lock alone, innermost first."""


@dataclass(eq=False)
class Owner:
    """Whoever writes to folders, from its first step to its last.

    what and run name it to others. One that waits does so until the folder is free, else it is refused at once. One
    that keeps holds a folder from the first time on until release, else for as long as the outermost block lasts.
    """

    what: str = field(default_factory=lambda: Path(sys.argv[0]).name or "python")
    run: str = ""
    waits: bool = False
    keeps: bool = False
    _held: dict[Path, _Held] = field(default_factory=dict, init=False, repr=False)

    @contextmanager
    def holding(self, folder: Path) -> Iterator[bool]:
        """Hold the folder's lock meanwhile; gives whether it was taken just now. Blocks may lie within each other.

        Raises FolderInUse if somebody else holds it, or if it was removed underneath, StorageError if the folder cannot
        be written.
        """
        place = folder.expanduser().absolute()
        taken = place not in self._held
        if taken:
            self._held[place] = self._acquire(place)
        elif not _is_same(self._held[place].descriptor, place / LOCK):
            raise FolderInUse(f"{folder} was removed or replaced while {self.what} was at work there. Start it again")
        held = self._held[place]
        held.depth += 1
        try:
            yield taken
        finally:
            held.depth -= 1
            if not held.depth and not self.keeps:
                self._release(place)

    def release(self) -> None:
        """Let go of every folder."""
        for place in list(self._held):
            self._release(place)

    def _acquire(self, place: Path) -> _Held:
        told = False
        while True:
            with storage_errors(place / LOCK):
                attempt = _open(place)
            if attempt is not None:
                if _try_lock(attempt.descriptor):
                    if _is_same(attempt.descriptor, place / LOCK):
                        self._sign(attempt.descriptor, place)
                        return attempt
                else:
                    holder = holder_of(place)
                    if not self._waits_for(holder):
                        os.close(attempt.descriptor)
                        raise FolderInUse.held_by(place, str(holder or "another process"))
                    if not told:
                        logger.info("Waiting for %s, which holds %s", holder or "another process", place)
                        told = True
                os.close(attempt.descriptor)
            time.sleep(WAITING_SECONDS if told else 0.0)

    def _waits_for(self, holder: Holder | None) -> bool:
        return self.waits or (holder is not None and bool(self.run) and holder.run == self.run)

    def _sign(self, descriptor: int, place: Path) -> None:
        if dead := holder_of(place):
            logger.info("%s was broken off by a kill; what it left half done in %s is cleared", dead, place)
        me = Holder(what=self.what, run=self.run, pid=os.getpid(), host=socket.gethostname(), since=datetime.now(UTC))
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{me.model_dump_json()}\n".encode())

    def _release(self, place: Path) -> None:
        held = self._held.pop(place)
        with suppress(OSError):  # Removed underneath, or Windows, which removes no open file: then it stays, nobody's.
            if _is_same(held.descriptor, place / LOCK):
                os.ftruncate(held.descriptor, 0)
                (place / LOCK).unlink()
        os.close(held.descriptor)
        for folder in held.made:
            with suppress(OSError):  # It holds something by now.
                folder.rmdir()


def holder_of(folder: Path) -> Holder | None:
    """What the lock's file in a folder says; None where there is none. A killed process leaves its own."""
    try:
        return Holder.model_validate_json((folder / LOCK).read_bytes())
    except (OSError, ValidationError):
        return None


def _open(place: Path) -> _Held | None:
    """The lock's file, opened, and its folder made; None if somebody removed the folder meanwhile."""
    # A folder in which only a lock stands was made for one, by this owner or by one that goes or waits beside it.
    missing = [place] if _holds_no_more_than_a_lock(place) else []
    missing += [folder for folder in place.parents if not folder.exists()]
    try:
        private_folder(place)
        return _Held(os.open(place / LOCK, os.O_RDWR | os.O_CREAT, 0o600), 0, missing)
    except FileNotFoundError:
        return None


def _holds_no_more_than_a_lock(folder: Path) -> bool:
    try:
        return all(path.name == LOCK for path in folder.iterdir())
    except OSError:
        return not folder.exists()


def _is_same(descriptor: int, path: Path) -> bool:
    """Whether the open file still stands at its path: its last owner removes it, perhaps while others wait."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _try_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, 2**30, os.SEEK_SET)  # Beyond the text, which Windows would else let nobody read.
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
