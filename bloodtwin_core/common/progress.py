"""How a source tells how far it is, to whoever wants to show it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """done of total parts of the work; total is the best that is known now and may grow. what: the part at hand."""

    done: int
    total: int
    what: str


Progress = Callable[[Step], None]


def silent(_step: Step) -> None:
    """Show nothing."""
