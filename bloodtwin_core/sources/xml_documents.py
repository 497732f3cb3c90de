"""Elements of XML files of any size, one after the other, without the rest in memory.

The declaration of the document's type is passed over: that of Apple Health's exports is broken in some versions of iOS,
and nothing in it, such as an entity, is needed.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from bloodtwin_core.common.errors import DataError

_CHUNK = 1 << 18
_DOCTYPE, _LONGEST_DOCTYPE = b"<!DOCTYPE", 1 << 20
_DEEPEST = 100
_MOST_WITHIN = 200_000
"""Elements in one child of the root: two years of readings, where the files that have such children hold weeks."""
_LONGEST_ELEMENT = 1 << 22
"""Bytes without the begin or end of any element, such as text or one element's attributes."""


def children_of_root(path: Path, stream: BinaryIO) -> Iterator[tuple[ET.Element, ET.Element]]:
    """The root, with its attributes, and each of its children, whole, in order.

    A child is emptied when the next is asked for. path: named in errors. Raises DataError if the file is cut off or
    broken, or no export that ever was: nested deeper, or with longer elements, than any.
    """
    todo = "Export it again: it is cut off or damaged"
    try:
        yield from _Children(path).of(stream)
    except (ET.ParseError, ValueError, LookupError) as error:
        line = error.position[0] if isinstance(error, ET.ParseError) else None
        raise DataError(f"the file is no whole XML: {str(error)[:80]}", todo=todo, file=path, line=line) from error
    except (OSError, EOFError) as error:
        raise DataError(f"the file cannot be read: {str(error)[:80]}", todo="Export it again", file=path) from error


class _Children:
    """What is known of a document on the way through it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parser: ET.XMLPullParser[ET.Element] = ET.XMLPullParser(events=("start", "end"))
        self._root = ET.Element("")
        self._depth = self._within = 0

    def of(self, stream: BinaryIO) -> Iterator[tuple[ET.Element, ET.Element]]:
        """Raises ValueError for a document beyond the bounds, and what the parser raises."""
        without_event = 0
        for chunk in _without_doctype(stream):
            self._parser.feed(chunk)
            without_event += len(chunk)
            for event, element in cast("Iterator[tuple[str, ET.Element]]", self._parser.read_events()):
                without_event = 0
                if self._is_child(event, element):
                    yield self._root, element
                    element.clear()
            if without_event > _LONGEST_ELEMENT:
                raise ValueError(f"an element or a text of over {_LONGEST_ELEMENT // 1024**2} MiB")
            # The last one may not be whole. To remove each child by itself would take the square of their number.
            del self._root[:-1]
        self._parser.close()

    def _is_child(self, event: str, element: ET.Element) -> bool:
        """Whether this ends a child of the root."""
        if event == "end":
            self._depth -= 1
            return self._depth == 1
        self._root = element if self._depth == 0 else self._root
        self._depth += 1
        self._within = self._within + 1 if self._depth > 2 else 0
        if self._depth > _DEEPEST:
            raise ValueError(f"elements are nested in more than {_DEEPEST} others")
        if self._within > _MOST_WITHIN:
            raise ValueError(f"an element holds more than {_MOST_WITHIN:,} others")
        return False


def _without_doctype(stream: BinaryIO) -> Iterator[bytes]:
    head = stream.read(_CHUNK)
    start = head.find(_DOCTYPE)
    if start >= 0:
        head = _after_doctype(head, start, stream)
    yield head
    while chunk := stream.read(_CHUNK):
        yield chunk


def _after_doctype(head: bytes, start: int, stream: BinaryIO) -> bytes:
    """The head of the file without the declaration, but with its line ends, so that lines are counted as they are."""
    while (end := _end_of_doctype(head, start)) < 0:
        chunk = stream.read(_CHUNK)
        if not chunk or len(head) > _LONGEST_DOCTYPE:
            raise ValueError("the declaration of the document's type does not end")
        head += chunk
    return head[:start] + b"\n" * head[start:end].count(b"\n") + head[end:]


def _end_of_doctype(head: bytes, start: int) -> int:
    """Where the declaration is over; -1 if it goes on."""
    bracket, closing = head.find(b"[", start), head.find(b">", start)
    if bracket < 0 or (0 <= closing < bracket):
        return closing + 1 if closing >= 0 else -1
    stop = head.find(b"]>", bracket)
    return stop + 2 if stop >= 0 else -1
