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


def children_of_root(path: Path, stream: BinaryIO) -> Iterator[tuple[ET.Element, ET.Element]]:
    """The root, with its attributes, and each of its children, whole, in order.

    A child is emptied when the next is asked for. path: named in errors. Raises DataError if the file is cut off or
    broken.
    """
    parser: ET.XMLPullParser[ET.Element] = ET.XMLPullParser(events=("start", "end"))
    depth, root = 0, ET.Element("")
    try:
        for chunk in _without_doctype(stream):
            parser.feed(chunk)
            for event, element in cast("Iterator[tuple[str, ET.Element]]", parser.read_events()):
                if event == "start":
                    root = element if depth == 0 else root
                    depth += 1
                    continue
                depth -= 1
                if depth == 1:
                    yield root, element
                    root.remove(element)
        parser.close()
    except (ET.ParseError, ValueError, LookupError) as error:
        line = error.position[0] if isinstance(error, ET.ParseError) else None
        todo = "Export it again: it is cut off or damaged"
        raise DataError(f"the file is no whole XML: {str(error)[:80]}", todo=todo, file=path, line=line) from error
    except (OSError, EOFError) as error:
        raise DataError(f"the file cannot be read: {str(error)[:80]}", todo="Export it again", file=path) from error


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
