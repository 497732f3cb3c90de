"""The events of wearers."""

from collections.abc import Iterable

from bloodtwin_core.service.store.database import Database
from bloodtwin_core.service.store.kinds import EventKind, StoredEvent

TimedValue = tuple[int, float | None, float, str]
"""Second, value, minutes and sensor of an event."""
_PUT = """
INSERT INTO events (wearer, kind, name, second, value, minutes, sensor, origin, received)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (wearer, kind, name) DO UPDATE SET second = excluded.second, value = excluded.value,
    minutes = excluded.minutes, sensor = excluded.sensor, origin = excluded.origin, received = excluded.received
WHERE (second, value, minutes, sensor) IS NOT
    (excluded.second, excluded.value, excluded.minutes, excluded.sensor)
"""
_BETWEEN = "wearer = ? AND kind = ? AND second BETWEEN ? AND ?"


class Events:
    """Events by wearer, kind and name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, wearer: int, events: Iterable[StoredEvent], received: int) -> int:
        """Keep events; those known by their names are replaced. How many changed anything."""
        with self._database.transaction():
            return sum(
                self._database.write(
                    _PUT,
                    (
                        *(wearer, event.kind, event.name, event.second, event.value),
                        *(event.minutes, event.sensor, event.origin, received),
                    ),
                )
                for event in events
            )

    def replace(self, wearer: int, origin: str, since: int, events: Iterable[StoredEvent], received: int) -> None:
        """Let these be all events of an origin from a second on; those that stay the same are left as they are."""
        told = list(events)
        names = {(event.kind.value, event.name) for event in told}
        with self._database.transaction():
            known = self._database.rows(
                "SELECT kind, name FROM events WHERE wearer = ? AND origin = ? AND second >= ?",
                (wearer, origin, since),
            )
            for kind, name in known:
                if (kind, name) not in names:
                    self.remove(wearer, EventKind(kind), name)
            self.put(wearer, told, received)

    def remove(self, wearer: int, kind: EventKind, name: str) -> bool:
        """Forget an event; whether it was there."""
        where = "wearer = ? AND kind = ? AND name = ?"
        return self._database.write(f"DELETE FROM events WHERE {where}", (wearer, kind, name)) > 0

    def between(self, wearer: int, kind: EventKind, first: int, last: int) -> list[TimedValue]:
        """The events of a kind from first to last second, in the order of time; of one second in that of names."""
        return self._database.rows(
            f"SELECT second, value, minutes, sensor FROM events WHERE {_BETWEEN} ORDER BY second, name",
            (wearer, kind, first, last),
        )

    def newest(self, wearer: int, kind: EventKind, first: int, last: int) -> tuple[int, float] | None:
        """Second and value of the newest event of a kind from first to last second that has a value."""
        valued = f"SELECT second, value FROM events WHERE {_BETWEEN} AND value IS NOT NULL"
        rows = self._database.rows(f"{valued} ORDER BY second DESC, name DESC LIMIT 1", (wearer, kind, first, last))
        return (rows[0][0], rows[0][1]) if rows else None

    def is_any(self, wearer: int, kind: EventKind, first: int, last: int) -> bool:
        """Whether there is an event of a kind from first to last second."""
        return bool(self._database.rows(f"SELECT 1 FROM events WHERE {_BETWEEN} LIMIT 1", (wearer, kind, first, last)))

    def mark(self, wearer: int, kinds: Iterable[EventKind], first: int, last: int) -> tuple[int, int]:
        """How many events of the kinds there are from first to last second, and when the newest of them changed."""
        select = f"SELECT count(*), coalesce(max(received), 0) FROM events WHERE {_BETWEEN}"
        rows = [self._database.rows(select, (wearer, kind, first, last))[0] for kind in kinds]
        return sum(count for count, _ in rows), max((newest for _, newest in rows), default=0)

    def received(self, wearer: int, kind: EventKind, first: int, last: int) -> list[tuple[int, int]]:
        """Second of each event of a kind, and when it was received, in the order of time."""
        return self._database.rows(
            f"SELECT second, received FROM events WHERE {_BETWEEN} ORDER BY second, name", (wearer, kind, first, last)
        )

    def forget_before(self, wearer: int, second: int) -> None:
        """Forget what is older."""
        for kind in EventKind:
            where = "wearer = ? AND kind = ? AND second < ?"
            self._database.write(f"DELETE FROM events WHERE {where}", (wearer, kind, second))
