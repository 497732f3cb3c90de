"""What several processes that share out the tests need, made by one of them."""

from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


def made_once(kept: Path, make: Callable[[], str]) -> str:
    """What make said in the process that asked first; it is kept in a file for the others."""
    with FileLock(f"{kept}.lock"):
        if not kept.exists():
            kept.write_text(make(), "utf-8")
    return kept.read_text("utf-8")
