"""Which times an event may have: neither ahead of the clock nor older than anybody needs."""

from dataclasses import dataclass

from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.service.store import EventKind, StoredEvent
from bloodtwin_core.serving.outlook import in_words

_DAY_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Ages:
    """From the first second to the last, now lying before it by the tolerance."""

    first: int
    now: int
    last: int

    @classmethod
    def of(cls, settings: ServiceSettings, now: float) -> "Ages":
        """The times that may be, at a moment."""
        moment = int(now)
        tolerance = int(settings.clock_tolerance_minutes * 60)
        return cls(moment - settings.oldest_days * _DAY_SECONDS, moment, moment + tolerance)

    def is_old(self, second: int) -> bool:
        """Whether an event is too old."""
        return second < self.first

    def is_ahead(self, second: int) -> bool:
        """Whether an event lies too far ahead."""
        return second > self.last

    def sentence(self, second: int) -> str:
        """Why an event of that time is refused."""
        if self.is_ahead(second):
            ahead = in_words((second - self.now) / 60)
            return f"It lies {ahead} in the future. Correct the clock or time zone of the sender, or of this machine"
        old, oldest = in_words((self.now - second) / 60), in_words((self.now - self.first) / 60)
        return f"It is {old} old; the oldest that counts is {oldest}"

    def note(self, seconds: list[int]) -> StoredEvent | None:
        """What is kept of events that lie ahead: that there were some, so that the reason is told."""
        ahead = [second for second in seconds if self.is_ahead(second)]
        if not ahead:
            return None
        return StoredEvent(EventKind.clock_ahead, "last", self.now, (max(ahead) - self.now) / 60)
