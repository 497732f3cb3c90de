"""Something looked at again and again while other work is done."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def watched(look: Callable[[], None], every_seconds: float) -> Iterator[None]:
    """Look every so many seconds meanwhile, and once more at the end."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(every_seconds):
            look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        look()
