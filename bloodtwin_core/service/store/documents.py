"""Documents as clients of the Nightscout API sent them, to be read back and understood again."""

import json
from collections.abc import Iterator
from typing import Any

from bloodtwin_core.service.store.database import Database

Document = dict[str, Any]
_OF = "wearer = ? AND collection = ?"
_PAGE = 500


class Documents:
    """Documents by wearer, collection and id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, wearer: int, collection: str, second: int, document: Document) -> None:
        """Keep a document under its _id."""
        self._database.write(
            "INSERT OR REPLACE INTO documents (wearer, collection, id, second, content) VALUES (?, ?, ?, ?, ?)",
            (wearer, collection, document["_id"], second, json.dumps(document, separators=(",", ":"))),
        )

    def named(self, wearer: int, collection: str, name: str) -> Document | None:
        """The document of an id."""
        rows = self._database.rows(f"SELECT content FROM documents WHERE {_OF} AND id = ?", (wearer, collection, name))
        return _document(rows[0][0]) if rows else None

    def newest(self, wearer: int, collection: str, first: int, last: int) -> Iterator[Document]:
        """The documents from first to last second, the newest first, page by page."""
        place: tuple[int, str] = (last + 1, "")
        while True:
            rows = self._database.rows(
                f"SELECT second, id, content FROM documents WHERE {_OF} AND second >= ? AND (second, id) < (?, ?) "
                "ORDER BY second DESC, id DESC LIMIT ?",
                (wearer, collection, first, *place, _PAGE),
            )
            yield from (_document(row[2]) for row in rows)
            if len(rows) < _PAGE:
                return
            place = (rows[-1][0], rows[-1][1])

    def remove(self, wearer: int, collection: str, name: str) -> bool:
        """Forget a document; whether it was there."""
        where = f"{_OF} AND id = ?"
        return self._database.write(f"DELETE FROM documents WHERE {where}", (wearer, collection, name)) > 0

    def forget_before(self, wearer: int, second: int, but: str) -> None:
        """Forget what is older, except of one collection."""
        where = "wearer = ? AND collection <> ? AND second < ?"
        self._database.write(f"DELETE FROM documents WHERE {where}", (wearer, but, second))


def _document(content: str) -> Document:
    document: Document = json.loads(content)
    return document
