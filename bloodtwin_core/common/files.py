"""Files that are either wholly there or not there at all: temporary name beside the place, fsync, rename.

Nothing here knows what is in a file.
"""

import errno
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bloodtwin_core.common.errors import StorageError

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}(\.[^.]*)?")
_ASIDE = re.compile(r"\.(?P<name>.+)\.before")
"""The names that _beside and _aside give."""
_OWNER_FILE, _OWNER_FOLDER = 0o600, 0o700
_STORAGE_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO}
"""What the disk, rather than the caller's own code, answers to a write."""


def require_ordinary(path: Path) -> None:
    """Raise OSError for a pipe, a socket or a device: whoever opened one might wait for ever, or read without end."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise OSError(errno.EINVAL, "it is no ordinary file", str(path))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` to write to; it takes the place of `path` when the block ends well.

    The temporary name is hidden and keeps the suffix, since some writers choose the format by it. Parent folders
    are made. On any exception, interrupts included, the temporary file is removed and `path` stays as it was.
    Raises StorageError where the place cannot be written.
    """
    temporary = _beside(path)
    with storage_errors(path, temporary), _taking_place(temporary, path):
        yield temporary


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """The same, for whoever says in words of their own what the operating system answers. Raises OSError."""
    temporary = _beside(path)
    with _taking_place(temporary, path):
        yield temporary


@contextmanager
def _taking_place(temporary: Path, path: Path) -> Iterator[None]:
    try:
        private_folder(path.parent)
        yield
        temporary.chmod(_OWNER_FILE)
        move(temporary, path)
    finally:
        with suppress(OSError):  # Tidying up must not hide the error that led here.
            temporary.unlink()


def private_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, for the owner alone: what is written tells of health.

    Folders that are there keep what they allow.
    """
    for missing in [folder for folder in (*reversed(path.parents), path) if not folder.exists()]:
        missing.mkdir(mode=_OWNER_FOLDER, exist_ok=True)


def close_to_others(folder: Path) -> None:
    """Let the owner alone read a folder and what is in it, which some library wrote as it pleased."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(_OWNER_FOLDER if path.is_dir() else _OWNER_FILE)


def open_to_all(folder: Path) -> None:
    """Let everybody read the files of a folder: what is shipped holds nobody's data."""
    folder.chmod(0o755)
    for file in (file for file in folder.rglob("*") if file.is_file()):
        file.chmod(0o644)


def move(path: Path, place: Path) -> None:
    """Let a finished file take its place on the same disk, also if the power goes right after."""
    _sync(path)
    path.replace(place)
    _sync(place.parent)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """An empty temporary folder beside `path` to fill; it takes the place of `path`, whole, when the block ends well.

    What stood in `path` before is gone then, so that nothing stale stays beside the new files. On any exception the
    temporary folder is removed and `path` stays as it was. A filled folder cannot be renamed over, so the old one
    first steps aside; a kill between these two renames is mended by recover_folder, which the next call begins with.
    Raises StorageError where the place cannot be written.
    """
    temporary = _beside(path)
    try:
        with storage_errors(path, temporary):
            recover_folder(path)
            private_folder(temporary)
            yield temporary
            for file in (file for file in temporary.rglob("*") if file.is_file()):
                file.chmod(_OWNER_FILE)
                _sync(file)
            _swap_in(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def scratch_folder(path: Path) -> Iterator[Path]:
    """An empty folder beside `path` that is gone when the block ends; clear_leftovers takes away what a kill leaves.

    Raises StorageError where the place cannot be written.
    """
    scratch = _beside(path)
    try:
        with storage_errors(path, scratch):
            private_folder(scratch)
            yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def recover_folder(path: Path) -> None:
    """Put back the folder that a kill in the middle of atomic_folder left aside; otherwise do nothing."""
    aside = _aside(path)
    if not aside.exists():
        return
    if path.exists():
        shutil.rmtree(aside)
    else:
        aside.replace(path)


def remove_folder(path: Path) -> None:
    """Remove a folder at once: nobody finds half of it, and what a kill leaves of it clear_leftovers takes away."""
    going = _beside(path)
    path.replace(going)
    shutil.rmtree(going, ignore_errors=True)


def clear_leftovers(folder: Path, besides: Collection[Path] = ()) -> int:
    """Clear away what killed processes left under a folder, and return how many files that were.

    Folders that had stepped aside come back where nothing took their place. Nobody may be writing there meanwhile, but
    in the folders besides, which are left alone.
    """
    cleared = 0
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if Path(parent, name) not in besides]
        for name in list(folders):
            path = Path(parent, name)
            aside = _ASIDE.fullmatch(name)
            if aside:
                recover_folder(path.with_name(aside["name"]))
            elif _TEMPORARY.fullmatch(name):
                cleared += sum(1 for file in path.rglob("*") if file.is_file())
                shutil.rmtree(path, ignore_errors=True)  # It may be a link, which is none of ours.
            if not path.exists():
                folders.remove(name)
        for name in files:
            if _TEMPORARY.fullmatch(name):
                Path(parent, name).unlink()
                cleared += 1
    return cleared


@contextmanager
def storage_errors(path: Path, written: Path | None = None) -> Iterator[None]:
    """Say in the user's words what the operating system says about this place; other errors pass unchanged.

    written is what is written to meanwhile, if not path itself. Raises StorageError.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _STORAGE_ERRNOS and not _concerns(error, path, written or path):
            raise
        raise StorageError(f"{path}: cannot be written: {error.strerror or error}. {_advice(error)}") from error


def _swap_in(temporary: Path, path: Path) -> None:
    aside = _aside(path)
    while True:
        if path.exists():
            path.replace(aside)
        try:
            temporary.replace(path)
            break
        except BaseException as error:
            recover_folder(path)
            # A reader took the moment between the two renames for a kill, and put the old folder back.
            if not (isinstance(error, OSError) and error.errno in (errno.ENOTEMPTY, errno.EEXIST)):
                raise
    _sync(path.parent)
    shutil.rmtree(aside, ignore_errors=True)  # The same reader may be at it too.


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.before")


def _sync(path: Path) -> None:
    """Have the disk hold what was written, so that a power cut after the rename finds it."""
    if path.is_dir() and os.name == "nt":  # Windows opens no folders; its rename is durable by itself.
        return
    descriptor = os.open(path, os.O_RDWR if path.is_file() and os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _concerns(error: OSError, path: Path, written: Path) -> bool:
    if error.filename is None:
        return False
    place = Path(os.fsdecode(error.filename))
    return place in (path, written, *path.parents) or written in place.parents


def _advice(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "Free some space on that disk, or choose another folder (artifacts.root)"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "Make the folder writable for you, or choose another one (artifacts.root)"
    return "Choose a folder that can be written (artifacts.root)"
