"""One owner a folder: a lock of the operating system on a file in it, which dies with the process that holds it.

The file says who holds the lock and since when. It is removed with the lock; one that a killed process left is
nobody's, and the next owner takes it over. Where steps of one run are processes of their own they share the run's
name: they wait for each other, and between two steps the file says that the folder is the run's for as long as the
process lives that starts its steps.

A folder that is a copy of what machines share (shared/copy.py) is held there too: whoever takes it here takes its lease
and fetches, and what is there when the outermost block ends is sent, unless it is a block that only looks.
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
from bloodtwin_core.common.processes import NamedProcess
from bloodtwin_core.common.shared.copy import SharedCopy, copy_of

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

logger = logging.getLogger(__name__)

LOCK = ".lock"
WAITING_SECONDS = 0.2
"""How often a waiting owner asks again."""
_LOOKS, _LOOK_SECONDS = 20, 0.02
"""How often a lock is looked at before one whose file says nothing is anybody's: its holder may be about to sign."""


class Holder(BaseModel):
    """What the lock's file says: what holds it, as part of which run, as which process, since when.

    steps_of: the process that starts the run's steps, where they are processes of their own. is_between_steps: whether
    the step that signed is done, so that nothing is left half done.
    """

    model_config = ConfigDict(frozen=True)

    what: str
    run: str
    pid: int
    host: str
    since: datetime
    steps_of: NamedProcess | None = None
    is_between_steps: bool = False

    @property
    def goes_on(self) -> bool:
        """Whether its run may come to another step; of another computer's nobody knows that here."""
        return self.steps_of is not None and self.host == socket.gethostname() and self.steps_of.runs

    def __str__(self) -> str:
        return f"{self.what} (process {self.pid} on {self.host}), since {self.since:%Y-%m-%d %H:%M:%S} UTC"


@dataclass
class _Held:
    descriptor: int
    depth: int
    made: list[Path]
    """Folders that are there for the lock alone, innermost first."""
    copy: SharedCopy | None = None


@dataclass(eq=False)
class Owner:
    """Whoever writes to folders, from its first step to its last.

    what and run name it to others. One that waits does so until the folder is free, else it is refused at once. One
    that keeps holds a folder from the first time on until release, else for as long as the outermost block lasts.
    steps_of: the number of the process that starts the run's steps, where each is an owner and a process of its own;
    the folder is then the run's until that process ends, but on Windows, where others may come between two steps.
    elsewhere: the run's other steps may be on other machines. only_fetches: of a shared folder only what others left
    there is wanted.
    """

    what: str = field(default_factory=lambda: Path(sys.argv[0]).name or "python")
    run: str = ""
    waits: bool = False
    keeps: bool = False
    steps_of: int | None = None
    elsewhere: bool = False
    only_fetches: bool = False
    _held: dict[Path, _Held] = field(default_factory=dict, init=False, repr=False)

    @contextmanager
    def holding(self, folder: Path, sends: bool = True, lasting: str = "") -> Iterator[bool]:
        """Hold the folder's lock meanwhile; gives whether it was taken just now. Blocks may lie within each other.

        sends: whether what is in a shared folder at the end of this block, if it is the outermost, is sent. lasting: a
        folder in a shared one whose files never change, see SharedCopy.begin.

        Raises FolderInUse if somebody else holds it, or if it was removed underneath, StorageError if the folder cannot
        be written; of a shared one also what SharedCopy raises.
        """
        place = folder.expanduser().absolute()
        taken = place not in self._held
        if taken:
            self._held[place] = self._acquire(place)
            self._share(place, lasting)
        elif not _is_same(self._held[place].descriptor, place / LOCK):
            raise FolderInUse(f"{folder} was removed or replaced while {self.what} was at work there. Start it again")
        held = self._held[place]
        held.depth += 1
        try:
            if held.copy:
                held.copy.require()
            yield taken
            if held.copy and sends and held.depth == 1:
                held.copy.send()
        finally:
            held.depth -= 1
            if not held.depth and not self.keeps:
                self._release(place)

    def renew(self, folder: Path) -> None:
        """Have the lease of a shared folder that is held for as long again; do nothing for another folder.

        The storage is asked, so that even one that slept, and was not told, learns whether another machine took over.
        Raises FolderInUse if one did, StorageError if nobody knows.
        """
        copy = self._copy(folder)
        if copy and copy.lease:
            copy.lease.renew()

    def send(self, folder: Path) -> None:
        """Let others have what is in a shared folder that is held, now already; do nothing for another folder.

        Raises what SharedCopy.send raises.
        """
        if copy := self._copy(folder):
            copy.send()

    def release(self) -> None:
        """Let go of every folder."""
        for place in list(self._held):
            self._release(place)

    def _copy(self, folder: Path) -> SharedCopy | None:
        held = self._held.get(folder.expanduser().absolute())
        return held.copy if held else None

    def _share(self, place: Path, lasting: str) -> None:
        try:
            copy = copy_of(place)
            if copy and self.only_fetches:
                copy.fetch()
            elif copy:
                copy.begin(self.what, self.run, self.waits, lasting)
                self._held[place].copy = copy
        except BaseException:
            self._release(place)
            raise

    def _acquire(self, place: Path) -> _Held:
        told, looks = False, 0
        while True:
            looks += 1
            with storage_errors(place / LOCK):
                attempt = _open(place)
            if attempt is not None:
                is_locked = _try_lock(attempt.descriptor)
                holder = holder_of(place)
                if is_locked and not self._comes_between(holder):
                    if _is_same(attempt.descriptor, place / LOCK):
                        self._sign(attempt.descriptor, holder, place)
                        return attempt
                elif not self._waits_for(holder) and (holder or looks >= _LOOKS):
                    os.close(attempt.descriptor)
                    raise FolderInUse.held_by(place, str(holder or "another process"))
                elif holder and not told:
                    logger.info("Waiting for %s, which holds %s", holder, place)
                    told = True
                os.close(attempt.descriptor)
            time.sleep(WAITING_SECONDS if told else _LOOK_SECONDS)

    def _comes_between(self, holder: Holder | None) -> bool:
        """Whether another run is between two of its steps; a process that starts steps runs one run after the other."""
        if holder is None or holder.steps_of is None or holder.run == self.run:
            return False
        return holder.goes_on and holder.steps_of.pid not in (os.getpid(), self.steps_of)

    def _waits_for(self, holder: Holder | None) -> bool:
        return self.waits or (holder is not None and bool(self.run) and holder.run == self.run)

    def _sign(self, descriptor: int, before: Holder | None, place: Path) -> None:
        if before and not before.is_between_steps:
            logger.info("%s was broken off by a kill; what it left half done in %s is cleared", before, place)
        try:
            with storage_errors(place / LOCK):
                _write(descriptor, self._me())
        except BaseException:
            os.close(descriptor)  # The lock goes with it.
            raise

    def _me(self, is_between_steps: bool = False) -> Holder:
        return Holder(
            what=self.what,
            run=self.run,
            pid=os.getpid(),
            host=socket.gethostname(),
            since=datetime.now(UTC),
            steps_of=None if self.steps_of is None else NamedProcess.of(self.steps_of),
            is_between_steps=is_between_steps,
        )

    def _release(self, place: Path) -> None:
        held = self._held.pop(place)
        if held.copy:
            held.copy.end(between_steps=self.elsewhere or self.steps_of is not None)
        with suppress(OSError):  # Removed underneath, or Windows, which removes no open file: then it stays, nobody's.
            if _is_same(held.descriptor, place / LOCK):
                me = self._me(is_between_steps=True)
                if me.goes_on:
                    _write(held.descriptor, me)
                else:
                    os.ftruncate(held.descriptor, 0)
                    (place / LOCK).unlink()
        os.close(held.descriptor)
        for folder in held.made:
            with suppress(OSError):  # It holds something by now.
                folder.rmdir()


def holder_of(folder: Path) -> Holder | None:
    """What the lock's file in a folder says; None where there is none. A killed process leaves its own.

    What a run left between two steps that has ended by now is no more than that.
    """
    try:
        holder = Holder.model_validate_json((folder / LOCK).read_bytes())
    except (OSError, ValidationError):
        return None
    return None if holder.is_between_steps and not holder.goes_on else holder


def _write(descriptor: int, holder: Holder) -> None:
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, f"{holder.model_dump_json()}\n".encode())


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
