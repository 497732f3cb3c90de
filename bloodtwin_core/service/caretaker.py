"""What is done beside requests: take over a new model, forget what is too old."""

import logging
import threading
import time
from collections.abc import Callable

from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.service.model import ModelInUse
from bloodtwin_core.service.store import Store

logger = logging.getLogger(__name__)
MODEL_EVERY_SECONDS = 2.0
FORGET_EVERY_SECONDS = 3600.0


class Caretaker:
    """A thread of its own."""

    def __init__(self, store: Store, model: ModelInUse, forget_before: Callable[[], int]) -> None:
        """forget_before tells the second before which nothing is kept."""
        self._store, self._model, self._forget_before = store, model, forget_before
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="caretaker", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        forgotten = float("-inf")
        while not self._ended.wait(MODEL_EVERY_SECONDS):
            if self._model.refresh():
                logger.warning("the model is now %s", self._model.now.path)
            if time.monotonic() - forgotten > FORGET_EVERY_SECONDS:
                forgotten = time.monotonic()
                try:
                    self._store.forget_before(self._forget_before())
                except BloodTwinError:
                    logger.exception("what is too old could not be forgotten")
