"""One feed: a thread that pulls, hands on what is new, and waits, the longer the oftener it failed."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.service.feeds.pulling import Pull, Stamp
from bloodtwin_core.service.feeds.state import FeedState
from bloodtwin_core.service.moments import second_of

logger = logging.getLogger(__name__)
LONGEST_WAIT_SECONDS = 1800.0
_SHORTEST_WAIT_SECONDS = 10.0
_RHYTHM_SECONDS, _UPLOAD_SECONDS = 300, 15
"""A sensor reads every five minutes, and a cloud knows of it some seconds later."""


HandOn = Callable[[PumpEvents], None]


class Feed:
    """Pulls until it is closed."""

    def __init__(self, wearer: str, pull: Pull, every_seconds: float, hand_on: HandOn) -> None:
        """hand_on takes what a pull brought, in the feed's thread."""
        self._pull, self._every, self._hand_on = pull, every_seconds, hand_on
        self.state = FeedState(wearer, pull.source.name)
        self._stamp: Stamp | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"feed {pull.source.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop; a pull that is under way is not waited for longer than a moment."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def _work(self) -> None:
        while not self._ended.is_set():
            self._ended.wait(self.step())

    def step(self) -> float:
        """Pull once; the seconds after which to pull again."""
        now = time.time()
        self.state = replace(self.state, asked=now)
        try:
            stamp = self._pull.stamp()
            if stamp is None or stamp != self._stamp:
                events = self._pull(self.state.wearer)
                self._hand_on(events)
                self._stamp = stamp
                self.state = replace(self.state, heard=_newest(events))
            self.state = replace(self.state, answered=now, trouble="", failures=0)
            wait = self._until_next_reading(now)
        except (BloodTwinError, OSError) as error:
            wait = min(LONGEST_WAIT_SECONDS, self._every * 2.0**self.state.failures)
            if not self.state.trouble:
                logger.warning("feed %s: %s", self.state.source, error)
            self.state = replace(self.state, trouble=str(error), failures=min(self.state.failures + 1, 30))
        except Exception as error:
            # A source may meet what its author did not; the feed must go on, and the trouble be told.
            logger.exception("feed %s failed", self.state.source)
            trouble = f"It failed ({type(error).__name__}); see the service's log"
            self.state = replace(self.state, trouble=trouble, failures=min(self.state.failures + 1, 30))
            wait = LONGEST_WAIT_SECONDS
        self.state = replace(self.state, next=time.time() + wait)
        return wait

    def _until_next_reading(self, now: float) -> float:
        """Of a cloud until a new reading can be known there; files are only looked at."""
        if self._pull.source.fetch is None:
            return min(self._every, _SHORTEST_WAIT_SECONDS)
        due = self.state.heard + _RHYTHM_SECONDS + _UPLOAD_SECONDS - now
        return max(_SHORTEST_WAIT_SECONDS, due) if 0 < due <= _RHYTHM_SECONDS + _UPLOAD_SECONDS else self._every


def _newest(events: PumpEvents) -> int:
    times = [kind.times[-1] for kind in (events.glucose, events.basal, events.bolus) if len(kind)]
    return max((second_of(time) for time in times), default=0)
