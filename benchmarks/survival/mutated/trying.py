"""One mutated file after the other: refused in words, or read as it says, within the time."""

import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.survival.mutated.mutators import Mutator
from bloodtwin_core.common.errors import BloodTwinError

LONGEST_SECONDS = 20
"""Of the clock, on a machine that others share."""
LONGEST_MESSAGE = 1_500


class TooLong(BaseException):
    """A file that is neither read nor refused in time; no reader takes it for an error of its own."""


@dataclass(frozen=True)
class Tried:
    """How one file came through: refused or read, and what is wrong with that."""

    name: str
    refused: bool
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Trying:
    """Tries seeds first, first + 1 and so on of each mutator."""

    first: int = 0

    def each(
        self,
        name: str,
        mutators: Sequence[Mutator],
        count: int,
        path: Path,
        original: str,
        read: Callable[[], list[str]],
    ) -> Iterator[Tried]:
        """Write count mutated files in place of the original, in turn by each mutator; read gives what is wrong."""
        for number in range(count):
            mutator, seed = mutators[number % len(mutators)], self.first + number // len(mutators)
            what = f"{name}, {mutator.__name__} {seed}"
            mutated = mutator(original, Random(what))
            path.write_bytes(mutated.content)
            yield tried(what, read)
        path.write_text(original, newline="")


def tried(name: str, read: Callable[[], list[str]]) -> Tried:
    """Read once, and say what came of it."""
    try:
        with _at_most(LONGEST_SECONDS):
            return Tried(name, False, tuple(read()))
    except BloodTwinError as error:
        long = [f"refused in {len(str(error))} characters"] if len(str(error)) > LONGEST_MESSAGE else []
        return Tried(name, True, tuple(long))
    except TooLong:
        return Tried(name, False, (f"took more than {LONGEST_SECONDS} s",))
    except Exception as error:  # noqa: BLE001 - the point is which one it is.
        where = traceback.extract_tb(error.__traceback__)[-1]
        return Tried(name, False, (f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})",))


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
