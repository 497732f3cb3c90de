"""The local copy of a shared folder: joined once, fetched when it is taken, sent when a step is done.

A folder that holds .shared.json is such a copy, and whoever takes its lock shares it. Hidden files are not shared, nor
folders of that name in which a work of this machine is in progress.
"""

import hashlib
import logging
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISLNK, S_ISREG
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bloodtwin_core.common.errors import ArtifactMissing, BloodTwinError, SettingsError, StorageError, listed
from bloodtwin_core.common.files import atomic_write, move, private_folder, scratch_folder, sha256_of, storage_errors
from bloodtwin_core.common.hashes import Hashes
from bloodtwin_core.common.shared.bucket import Address, Bucket
from bloodtwin_core.common.shared.head import FILES, LISTS, Head, ListedFile, Listing
from bloodtwin_core.common.shared.lease import Applicant, HeldLease, head_gone, read_head, take

logger = logging.getLogger(__name__)
SHARED = ".shared.json"
IN_PROGRESS = "in_progress"
"""Name of folders that are this machine's alone: a training under way, from which only it can go on."""
LEFTOVER_SECONDS = 7 * 86400.0
"""Age from which on what no version in use names is removed: what was sent and never switched to, and old versions."""
_AT_ONCE = 8
"""Files sent or fetched at the same time."""
_LOOKS = 3
"""Times that a reader begins again where a version was removed while it was fetched."""
Given = TypeVar("Given")


class CopyState(BaseModel):
    """.shared.json: of what the folder is a copy, the copy's own name, and the version that it had last in common.

    version: its number. stored: the object that lists its files, whose name no other has; empty before the first.
    apart: folders in it that are not part of it.
    """

    model_config = ConfigDict(frozen=True)

    address: str
    copy_id: str
    apart: tuple[str, ...] = ()
    version: int = 0
    stored: str = ""
    listing: Listing = Field(default_factory=Listing)


def join(folder: Path, address: Address, apart: tuple[str, ...] = ()) -> None:
    """Let a folder, but for folders apart, be a copy of what is shared at an address.

    What it holds is sent where nothing is there yet.

    Raises SettingsError if it is a copy of something else, StorageError if the folder cannot be written.
    """
    state = _state_of(folder)
    if state is None:
        _write(folder, CopyState(address=str(address), copy_id=secrets.token_hex(8), apart=apart))
    elif state.address != str(address):
        raise SettingsError(
            f"{folder} is a copy of {state.address}, not of {address}. Choose another artifacts.root or model.name, or "
            f"delete {folder / SHARED} to let it be a copy of the other"
        )


def is_copy(folder: Path) -> bool:
    """Whether a folder is a copy of something shared."""
    return (folder / SHARED).exists()


def copy_of(folder: Path) -> "SharedCopy | None":
    """The copy that a folder is; None if it is not shared. Raises ArtifactMissing if .shared.json is damaged."""
    state = _state_of(folder)
    return None if state is None else SharedCopy(folder, state, Bucket(Address.of(state.address)))


@dataclass
class SharedCopy:
    """A folder that is a copy. Only whoever holds the folder's own lock may use it."""

    folder: Path
    state: CopyState
    bucket: Bucket
    lease: HeldLease | None = None
    _hashes: Hashes = field(default_factory=lambda: Hashes(large=0), repr=False)

    def begin(self, what: str, run: str, waits: bool, lasting: str = "") -> None:
        """Be the only machine that writes, with the newest version in the folder, until end.

        lasting: a folder in it whose files never change. Where it has one nothing is removed outside such a block, so
        that what is missing was lost; that, and what differs in it, is loaded again.

        Raises FolderInUse if another machine is, and what fetch raises.
        """
        self.lease = take(self.bucket, Applicant(what, self._name_of_copy(), run, waits))
        try:
            self._fetch(self.lease.head)
            if lasting:
                self._restore(lasting)
        except _Removed as error:  # Not by a writer: this one holds the lease.
            self.end()
            raise self._damaged(str(error)) from None
        except BaseException:
            self.end()
            raise

    def fetch(self, mends: bool = False) -> int:
        """Have the newest version in the folder, and write nothing elsewhere; its number, 0 if there is none.

        mends: look at every file, and load again what was lost or changed here since. Else a folder that had the newest
        version stays as it is, for it may be ahead by what was not sent yet; one that lost everything is filled again.
        Raises StorageError, SettingsError, ArtifactMissing if it is damaged or nothing is in use any more.
        """
        for _ in range(_LOOKS):
            head, _, _ = read_head(self.bucket)
            with suppress(_Removed):
                self._fetch(head, mends)
                return head.version
        raise StorageError(f"{self.bucket.address}: versions were removed while they were fetched. Start again")

    def require(self) -> None:
        """Raise FolderInUse if another machine has taken over meanwhile, as far as is known."""
        if self.lease:
            self.lease.require()

    def send(self) -> None:
        """Let what is in the folder now be the newest version; what is there already is not sent again.

        Raises FolderInUse if another machine has taken over, ArtifactMissing if nothing is left of what was here,
        StorageError, SettingsError; then the old version stays in use, and what was sent lies unused until it is
        cleared away. The folder stays as it is.
        """
        if self.lease is None:
            return
        self.require()
        before, now = self.state.listing, self._local()
        if now == before.hashes:
            return
        if not now:
            todo = "Nothing is sent. Start again, and what is shared is fetched anew"
            raise ArtifactMissing(f"{self.folder} has lost every file since it was fetched. {todo}")
        upload = f"{self.lease.head.version + 1:06d}-{secrets.token_hex(8)}"
        stored = {file.sha256: file.stored for file in before.files.values()}
        new = {sha256: path for path, sha256 in now.items() if sha256 not in stored}
        stored |= {sha256: f"{FILES}/{upload}/{sha256}" for sha256 in new}
        _all_at_once(lambda sha256: self.bucket.upload(stored[sha256], self.folder / new[sha256], sha256), new)
        files = {path: ListedFile(sha256=sha256, stored=stored[sha256]) for path, sha256 in now.items()}
        listing = Listing(files=files)
        content, name = listing.model_dump_json().encode(), f"{LISTS}/{upload}.json"
        self.bucket.write(name, content)
        self.lease.switch(name, hashlib.sha256(content).hexdigest())
        self._agree(self.lease.head, listing)
        told = "Version %d of %s: %d files, %d of them sent"
        logger.info(told, self.lease.head.version, self.bucket.address, len(now), len(new))
        self._clear()

    def end(self, between_steps: bool = False) -> None:
        """Let another machine write; between two steps of a run only the run's next, until the lease runs out."""
        if self.lease:
            self.lease.let_go(between_steps)
            self.lease = None

    def _name_of_copy(self) -> str:
        """What tells this folder from all others, also from a duplicate of it, which has the same .shared.json."""
        there = self.folder.stat()
        return f"{self.state.copy_id}:{there.st_dev}:{there.st_ino}"

    def _fetch(self, head: Head, mends: bool = False) -> None:
        if not head.listing:
            if self.state.stored:
                raise head_gone(self.bucket.address)
            return
        if head.listing == self.state.stored and not mends and not self._lost_all():
            return  # Nobody wrote elsewhere; the folder may be ahead.
        listing, local, common = self._listing(head), self._local(), self.state.listing.hashes
        if head.listing != self.state.stored and head.version <= self.state.version:
            common = {}  # An older head was restored, so that what this folder had in common is in no version any more.
        wanted = {path: file for path, file in listing.files.items() if local.get(path) != file.sha256}
        gone = [path for path in local if path not in listing.files]
        changed_here = [path for path in (*wanted, *gone) if local.get(path, common.get(path)) != common.get(path)]
        self._load(wanted, changed_here)
        for path in gone:
            _remove(self.folder, path)
        self._agree(head, listing)
        logger.info("Fetched version %d of %s: %d files", head.version, self.bucket.address, len(wanted))

    def _load(self, wanted: dict[str, ListedFile], set_aside: list[str]) -> None:
        """Have these files here, once all were loaded, and keep elsewhere what is set aside for them."""
        with scratch_folder(self.folder / "incoming") as incoming:
            # What lies deeper first: the files at the top name what they need of it.
            order = sorted(wanted, key=lambda path: (-path.count("/"), path))
            places = {path: incoming / str(number) for number, path in enumerate(order)}
            _all_at_once(lambda path: self._download(wanted[path], places[path]), order)
            self._set_aside(set_aside)
            for path in order:
                private_folder((self.folder / path).parent)
                move(places[path], self.folder / path)

    def _restore(self, lasting: str) -> None:
        local, files = self._local(), self.state.listing.files
        lost = [path for path in files if path not in local]
        changed = [path for path in local.keys() & files if local[path] != files[path].sha256]
        damaged = [path for path in changed if path.startswith(f"{lasting}/")]
        if lost or damaged:
            self._load({path: files[path] for path in (*lost, *damaged)}, damaged)
            logger.warning("%s: what was lost or damaged was loaded again: %s", self.folder, listed([*lost, *damaged]))

    def _listing(self, head: Head) -> Listing:
        stored = self.bucket.read(head.listing)
        if stored is None:
            raise _Removed(head.listing)
        try:
            if hashlib.sha256(stored.content).hexdigest() != head.listing_sha256:
                raise ValueError("another sha256")
            return Listing.model_validate_json(stored.content)
        except ValueError:
            raise self._damaged(head.listing) from None

    def _download(self, file: ListedFile, place: Path) -> None:
        place.touch(mode=0o600)
        if not self.bucket.download(file.stored, place):
            raise _Removed(file.stored)
        if sha256_of(place) != file.sha256:
            raise self._damaged(file.stored)

    def _damaged(self, name: str) -> ArtifactMissing:
        return ArtifactMissing(
            f"{self.bucket.address}/{name} was changed or removed since it was sent; the local copy stays as it was. "
            "Restore it there, or share from now on under another address (artifacts.shared)"
        )

    def _set_aside(self, paths: list[str]) -> None:
        """Keep what is here and in no version, now that another machine's version takes its place."""
        time = f"{datetime.now(UTC):%Y-%m-%dT%H.%M.%S.%f}"  # Each has a place of its own: none is written over.
        place = self.folder.parent / f".{self.folder.name}.unsent" / time
        for path in paths:
            private_folder((place / path).parent)
            (self.folder / path).replace(place / path)
        if paths:
            told = "%s of %s takes the place of what is here and not shared, which is kept in %s: %s"
            logger.warning(told, "Another version", self.bucket.address, place, listed(paths))

    def _clear(self) -> None:
        """Remove what the version just switched to does not name and is old enough that nobody is sending it."""
        named = {self.state.stored, *(file.stored for file in self.state.listing.files.values())}
        try:
            there = [each for folder in (FILES, LISTS) for each in self.bucket.listed(folder)]
            unused = [name for name, age in there if age > LEFTOVER_SECONDS and name not in named]
            if unused and self.lease:
                self.lease.renew()  # Nobody has switched to a version that names them meanwhile.
                _all_at_once(self.bucket.remove, unused)
        except BloodTwinError as error:  # What is shared is shared.
            logger.warning("Old versions were not removed, which the next stage tries again: %s", error)

    def _lost_all(self) -> bool:
        return bool(self.state.listing.files) and next(_files(self.folder, self.state.apart), None) is None

    def _agree(self, head: Head, listing: Listing) -> None:
        now = {"version": head.version, "stored": head.listing, "listing": listing}
        self.state = self.state.model_copy(update=now)
        _write(self.folder, self.state)

    def _local(self) -> dict[str, str]:
        """The sha256 of every file that is shared, by its path."""
        local = {}
        for path in _files(self.folder, self.state.apart):
            with storage_errors(path):
                local[path.relative_to(self.folder).as_posix()] = self._hashes.of(path)
        return local


class _Removed(Exception):
    """A version was removed while it was fetched."""


def _state_of(folder: Path) -> CopyState | None:
    try:
        return CopyState.model_validate_json((folder / SHARED).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        todo = (
            "Delete it: what differs from what is shared is then set aside. In a folder of bloodtwin fetch delete all"
        )
        raise ArtifactMissing(f"{folder / SHARED} is damaged. {todo}") from None


def _write(folder: Path, state: CopyState) -> None:
    with atomic_write(folder / SHARED) as path:
        path.write_text(state.model_dump_json(indent=1) + "\n", "utf-8")


def _files(folder: Path, apart: tuple[str, ...]) -> Iterator[Path]:
    """The files that are shared.

    Raises SettingsError for a link among them, StorageError for a folder that cannot be listed: it is no empty one.
    """

    def refuse(error: OSError) -> None:
        with storage_errors(Path(error.filename or folder)):
            raise error

    for parent, folders, files in os.walk(folder, onerror=refuse):
        left_out = (IN_PROGRESS, *(apart if Path(parent) == folder else ()))
        folders[:] = [name for name in folders if not name.startswith(".") and name not in left_out]
        for path in (Path(parent, name) for name in (*folders, *files) if not name.startswith(".")):
            with storage_errors(path):
                mode = path.lstat().st_mode
            if S_ISLNK(mode):
                todo = "Put what it leads to in its place, or share nothing (artifacts.shared)"
                raise SettingsError(f"{path} is a link, which other machines cannot follow. {todo}")
            if S_ISREG(mode):
                yield path


def _remove(folder: Path, path: str) -> None:
    """Remove a file, and the folders that are empty without it."""
    (folder / path).unlink(missing_ok=True)
    with suppress(OSError):  # The first that is not empty.
        for above in (folder / path).relative_to(folder).parents:
            (folder / above).rmdir()


def _all_at_once(work: Callable[[str], None], names: Iterable[str]) -> None:
    """Work on several at the same time; after the first error the rest is not begun."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        begun = [pool.submit(work, name) for name in names]
        try:
            for each in begun:
                each.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
