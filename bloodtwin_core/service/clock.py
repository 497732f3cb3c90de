"""What time it is for the service: this machine's clock, or one that runs faster for a demonstration."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

Now = Callable[[], float]
"""Seconds since 1970 UTC."""


@dataclass(frozen=True)
class FastClock:
    """A clock that starts at this machine's time and runs speed times as fast."""

    speed: float
    began: float = field(default_factory=time.time)
    _tick: float = field(default_factory=time.monotonic)

    def __call__(self) -> float:
        """Seconds since 1970 UTC."""
        return self.began + (time.monotonic() - self._tick) * self.speed
