"""Who waits for the outlooks of a wearer, in the event loop; told from the desk's thread."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from bloodtwin_core.service.engine import Made

Waiting = asyncio.Queue[Made | None]
"""None: the service ends."""


class Listeners:
    """Queues by wearer. A listener that is slow gets the newest outlook alone."""

    def __init__(self) -> None:
        self._queues: dict[int, set[Waiting]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def total(self) -> int:
        """How many listen."""
        return sum(len(queues) for queues in list(self._queues.values()))

    def count(self, wearer: int) -> int:
        """How many listen to a wearer."""
        return len(self._queues.get(wearer, ()))

    @contextmanager
    def listening(self, wearer: int) -> Iterator[Waiting]:
        """A queue that gets every outlook of the wearer meanwhile. To be called in the event loop."""
        self._loop = asyncio.get_running_loop()
        waiting: Waiting = asyncio.Queue(maxsize=1)
        self._queues[wearer].add(waiting)
        try:
            yield waiting
        finally:
            self._queues[wearer].discard(waiting)
            if not self._queues[wearer]:
                del self._queues[wearer]

    def tell(self, wearer: int, made: Made) -> None:
        """Tell all who listen to the wearer. From any thread."""
        if self._loop is not None and not self._loop.is_closed() and wearer in self._queues:
            self._loop.call_soon_threadsafe(self._put, wearer, made)

    def dismiss(self) -> None:
        """Let everybody go. From any thread."""
        if self._loop is not None and not self._loop.is_closed():
            for wearer in list(self._queues):
                self._loop.call_soon_threadsafe(self._put, wearer, None)

    def _put(self, wearer: int, made: Made | None) -> None:
        for waiting in self._queues.get(wearer, ()):
            if waiting.full():
                waiting.get_nowait()
            waiting.put_nowait(made)
