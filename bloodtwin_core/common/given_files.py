"""Files that somebody gave: opened only if they are ordinary, and read within bounds, also what was packed.

What a packed file says of its own size is checked before anything is unpacked, and no more than that is unpacked.
"""

import gzip
import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.common.files import require_ordinary

LARGEST_FILE = 512 * 1024**2
"""Bytes of a file that is read whole. A reading every five minutes for ten years is 40 MB."""
_UNDOUBTED, _MOST_TO_ONE = 32 * 1024**2, 100
"""Tables and documents pack 10 to 50 to one; what unpacks to more than so many bytes, and more densely, is none."""
_LONGEST_LIST = 4 * 1024**2
"""Bytes of a zip file's list of contents: some 40,000 names, where exports hold hundreds."""
_END, _END_LENGTH, _LONGEST_COMMENT, _LIST_LENGTH = b"PK\x05\x06", 22, 1 << 16, slice(12, 16)
"""Of the record at the end of a zip file, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.16."""
_PIECE = 1 << 20
LONGEST_PATH, LONGEST_NAME = 4096, 255
"""Bytes of a whole path and of a part of it between slashes, as Linux takes them."""
_TODO = "Check data.root and the file's name"
_TODO_ZIP = "Export it again, without a password, or unpack it into a folder"
_BAD_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)
"""What the standard library raises for a zip file that is damaged, locked, or packed in a way that it does not know."""


def require_nameable(text: str) -> None:
    """Raise ValueError for a text that no file can be called."""
    if any(ord(character) < ord(" ") or ord(character) == 127 for character in text):
        raise ValueError("must hold no control character")
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        raise ValueError("must be UTF-8") from None
    if len(encoded) > LONGEST_PATH or any(len(part) > LONGEST_NAME for part in encoded.split(b"/")):
        raise ValueError(f"must have at most {LONGEST_PATH} bytes, and {LONGEST_NAME} between slashes")


def given_path(text: str | Path) -> Path:
    """The file or folder that somebody names, ~ being their home. Raises SettingsError for a name that cannot be."""
    try:
        require_nameable(str(text))
        return Path(text).expanduser()
    except ValueError as error:
        raise SettingsError(f"'{text}' can be no file or folder: its name {error}. Correct it") from None
    except RuntimeError:  # There is no such user.
        return Path(text)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file to read bytes from. Raises DataError if it is not there, or is a pipe, a device or a folder."""
    try:
        require_ordinary(path)
        stream = path.open("rb")
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    with stream:
        yield stream


def content_of(path: Path, largest: int = LARGEST_FILE) -> bytes:
    """All bytes of a file. Raises DataError if it cannot be read or has more than largest."""
    with opened(path) as stream:
        try:
            if os.fstat(stream.fileno()).st_size > largest:
                raise too_large(path, largest)
            return stream.read(largest)
        except OSError as error:
            raise unreadable(path, error) from error


def head_of(path: Path, size: int) -> bytes:
    """The first bytes of a file, unpacked if it is called .gz; none of one that cannot be read."""
    with suppress(DataError, OSError, EOFError, zlib.error), opened(path) as stream:
        return gzip.GzipFile(fileobj=stream).read(size) if path.suffix.lower() == ".gz" else stream.read(size)
    return b""


def gunzipped(path: Path, packed: bytes) -> bytes:
    """The content of a gzip file, unpacked. Raises DataError if it is damaged or unpacks to more than is sensible."""
    pieces, size = [], 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as plain:
            while piece := plain.read(_PIECE):
                size += len(piece)
                refuse_bomb(path, size, len(packed))
                pieces.append(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(path, error) from error
    return b"".join(pieces)


@contextmanager
def opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip file to read from. Raises DataError if it, or what is read of it, is damaged, locked or without end."""
    with opened(path) as stream:
        try:
            _refuse_endless_list(path, stream)
            with zipfile.ZipFile(stream) as packed:
                yield packed
        except _BAD_ZIP as error:
            what = f"the zip file cannot be read ({type(error).__name__}: {str(error)[:80]})"
            raise DataError(what, todo=_TODO_ZIP, file=path) from error


def unpacked(path: Path, packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """One file in the zip file at path. Raises DataError if it is too large, and what opened_zip turns into one."""
    refuse_bomb(path / entry.filename, entry.file_size, entry.compress_size)
    if entry.file_size > LARGEST_FILE:
        raise too_large(path / entry.filename)
    return packed.read(entry)


def refuse_bomb(path: Path, size: int, packed: int) -> None:
    """Raise DataError for bytes that were packed more densely than any export is."""
    if size > max(_UNDOUBTED, _MOST_TO_ONE * packed):
        what = f"the file unpacks to over {_MOST_TO_ONE} times its size, which no export does"
        raise DataError(what, todo=_TODO_ZIP, file=path)


def too_large(path: Path, largest: int = LARGEST_FILE) -> DataError:
    """The error for a file of more than so many bytes."""
    limit = f"{largest // 1024**2} MiB" if largest >= 1024**2 else f"{largest // 1024} KiB"
    return DataError(f"the file is larger than {limit}", todo="Export fewer days at once", file=path)


def unreadable(path: Path, error: Exception) -> DataError:
    """The error for a file that cannot be opened or read."""
    said = (error.strerror if isinstance(error, OSError) else None) or str(error)[:80]
    return DataError(f"the file cannot be read: {said}", todo=_TODO, file=path)


def _refuse_endless_list(path: Path, stream: BinaryIO) -> None:
    """Raise DataError for a zip file with more names than any export has, before they are read."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _END_LENGTH - _LONGEST_COMMENT))
    tail = stream.read()
    place = tail.rfind(_END)
    if place >= 0 and int.from_bytes(tail[place:][_LIST_LENGTH], "little") > _LONGEST_LIST:
        raise DataError("the zip file holds more files than any export", todo=_TODO_ZIP, file=path)
    stream.seek(0)
