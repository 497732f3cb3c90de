"""What a feed last did."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FeedState:
    """In seconds since 1970 UTC (0: never). trouble: why the last pull failed; "" if it did not.

    heard: time of the newest event that it told. failures: in a row.
    """

    wearer: str
    source: str
    asked: float = 0.0
    answered: float = 0.0
    heard: int = 0
    next: float = 0.0
    trouble: str = ""
    failures: int = 0
