"""Who waits for the outlooks of a wearer, in the event loop; told from the desk's thread."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from bloodtwin_core.serving.outlook import Outlook

Waiting = asyncio.Queue[Outlook]


class Listeners:
    """Queues by wearer. A listener that is slow gets the newest outlook alone."""

    def __init__(self) -> None:
        self._queues: dict[int, set[Waiting]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None

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

    def tell(self, wearer: int, outlook: Outlook) -> None:
        """Tell all who listen to the wearer. From any thread."""
        if self._loop is not None and not self._loop.is_closed() and wearer in self._queues:
            self._loop.call_soon_threadsafe(self._put, wearer, outlook)

    def _put(self, wearer: int, outlook: Outlook) -> None:
        for waiting in self._queues.get(wearer, ()):
            if waiting.full():
                waiting.get_nowait()
            waiting.put_nowait(outlook)
