"""The decorator of every compiled function here: numba, cached on disk for as long as no source it rests on changes.

By itself numba looks only at the file of the cached function, so a change in a file that it calls would go unnoticed
and the old machine code would run on.
"""

import os
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

from bloodtwin_core import records
from bloodtwin_core.insulin import action

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile at the first call, or load what an earlier process compiled from the same sources.

    The cache lies under NUMBA_CACHE_DIR, or else beside this file; where that cannot be written, nothing is cached.
    """
    config: Any = numba.config
    before = config.CACHE_DIR
    folder = _folder_of_these_sources(before or str(Path(__file__).parent / "__pycache__"))
    config.CACHE_DIR = folder or before
    try:
        return cast(Function, numba.njit(cache=folder is not None)(function))
    finally:
        config.CACHE_DIR = before


@cache
def _folder_of_these_sources(base: str) -> str | None:
    folders = (Path(__file__).parent, Path(action.__file__).parent, Path(records.__file__).parent)
    return cache_folder(Path(base), [source for folder in folders for source in sorted(folder.glob("*.py"))])


def cache_folder(base: Path, sources: Iterable[Path]) -> str | None:
    """A folder under base for what is compiled from the sources as they are now; None if it cannot be written to."""
    digest = sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    folder = base / f"compiled-{digest[:16]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return str(folder) if os.access(folder, os.W_OK) else None
