"""How often somebody may ask."""

import time
from collections import OrderedDict
from dataclasses import dataclass

_MOST_KNOWN = 20_000
"""Callers that are remembered; the ones longest silent are forgotten first, who have everything left again anyway."""
_BURST_SHARE = 0.5


@dataclass
class _Bucket:
    left: float
    at: float


class Rates:
    """A number of requests a minute, of which half may come at once."""

    def __init__(self, a_minute: int) -> None:
        self._a_second, self._most = a_minute / 60.0, max(1.0, a_minute * _BURST_SHARE)
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, caller: str) -> float:
        """Take one request of a caller; 0 if it is granted, else the seconds after which to ask again."""
        now = time.monotonic()
        bucket = self._buckets.setdefault(caller, _Bucket(self._most, now))
        self._buckets.move_to_end(caller)
        while len(self._buckets) > _MOST_KNOWN:
            self._buckets.popitem(last=False)
        bucket.left = min(self._most, bucket.left + (now - bucket.at) * self._a_second)
        bucket.at = now
        if bucket.left < 1.0:
            return (1.0 - bucket.left) / self._a_second
        bucket.left -= 1.0
        return 0.0
