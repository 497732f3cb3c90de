"""A sync that is killed: what it leaves must be enough to go on from, without loss or repetition."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest


class Killed(BaseException):
    """The process is gone."""


def killed_anywhere(sync: Callable[[Path], object], folder: Path, owner: object, name: str) -> int:
    """Kill a sync at each of its calls of owner.name in turn, start it again each time, and require what an undisturbed
    one writes; returns how often it was killed. sync is given the folder to write to.
    """
    sync(folder / "whole")
    for calls in count():
        place = folder / str(calls)
        try:
            with _killed_after(calls, owner, name):
                sync(place)
        except Killed:
            sync(place)
        else:
            return calls
        assert written(place) == written(folder / "whole"), f"killed after {calls} calls of {name}"
    raise AssertionError("unreachable")


def written(root: Path) -> list[tuple[str, bytes]]:
    """Every file under a folder, by its place there."""
    return sorted((str(file.relative_to(root)), file.read_bytes()) for file in root.rglob("*") if file.is_file())


@contextmanager
def _killed_after(calls: int, owner: object, name: str) -> Iterator[None]:
    real, left = getattr(owner, name), calls

    def dying(*args: Any, **named: Any) -> Any:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        return real(*args, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, dying)
        yield
