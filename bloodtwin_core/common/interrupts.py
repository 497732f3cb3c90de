"""Interrupts that do not get lost.

Python runs the handler of a signal between any two steps of the main thread. If that lies within a callback of the
garbage collector (a weak reference's, a `__del__`), what the handler raises is told as "ignored", and the work goes on
as if nobody had asked it to stop: of 26 runs that were cancelled in the UI, one did.
"""

import signal
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)
LOOK_SECONDS = 0.2
"""How often it is looked whether an interrupt got lost."""


@contextmanager
def lasting_interrupts() -> Iterator[None]:
    """Meanwhile, send an interrupt again if what its handler raised was dropped before the block was left.

    As long as that exception lives it is on its way out, and clearing up is not disturbed. Only in the main thread;
    blocks may lie within each other.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    watches = [
        _Watch(number, before)
        for number, before in handlers.items()
        if callable(before) and not isinstance(before, _Watch | signal.Handlers)
    ]
    if not watches:
        yield
        return
    left = threading.Event()
    for watch in watches:
        signal.signal(watch.number, watch)
    again = threading.Thread(target=_send_again, args=(watches, left), name="lasting-interrupts", daemon=True)
    again.start()
    try:
        yield
    finally:
        left.set()
        for watch in watches:
            if watch.stands:
                signal.signal(watch.number, watch.before)
        again.join()  # What it was about to send comes here, and not to whatever follows.


class _Interrupt(KeyboardInterrupt):
    """One that can be referred to weakly, as Python's own cannot."""


class _Exit(SystemExit):
    """The same of an exit."""


@dataclass(eq=False)
class _Watch:
    """A handler in place of another, which it calls; raised is what that one raised last."""

    number: signal.Signals
    before: Callable[[int, FrameType | None], Any]
    raised: "weakref.ref[BaseException] | None" = field(default=None, init=False)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        error = self._error_of(number, frame)
        if error is None:
            return
        self.raised = weakref.ref(error)
        try:
            raise error
        finally:
            del error  # Else it would live as long as this frame, to which it leads back.

    def _error_of(self, number: int, frame: FrameType | None) -> BaseException | None:
        try:
            self.before(number, frame)
        except KeyboardInterrupt as error:
            return _Interrupt(*error.args)
        except SystemExit as error:
            return _Exit(*error.args)
        except BaseException as error:  # noqa: BLE001 - it is raised again.
            return error
        return None

    @property
    def stands(self) -> bool:
        """Whether it is the handler, and nobody has put another in its place."""
        handler: object = signal.getsignal(self.number)
        return handler is self

    @property
    def was_lost(self) -> bool:
        """Whether what it raised has ended, which it cannot while it goes up to the end of the block."""
        return self.raised is not None and self.raised() is None


def _send_again(watches: list[_Watch], left: threading.Event) -> None:
    main = threading.main_thread().ident
    while not left.wait(LOOK_SECONDS):
        for watch in watches:
            if watch.was_lost and not left.is_set():
                watch.raised = None
                _send(watch.number, main)


def _send(number: signal.Signals, thread: int | None) -> None:
    if hasattr(signal, "pthread_kill") and thread is not None:
        signal.pthread_kill(thread, number)
    else:
        signal.raise_signal(number)
