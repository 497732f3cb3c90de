"""Train a published version again, from the records and settings that were kept with it, and compare the bytes.

ARTIFACTS is the folder of one model; what stands there stays as it is. Without --version it is the version in use. On
the same machine and with the same program all bytes are the same; where one is not, the exit code is 1. --to keeps what
was made, and a training that was broken off there goes on.

  bloodtwin reproduce artifacts/bloodtwin_unified_lstm
  bloodtwin reproduce artifacts/bloodtwin_unified_lstm --version 0003-1a2b3c4d --to again
"""

import argparse
import logging
import sys
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

from bloodtwin_core.cli.signals import interrupts_as_such
from bloodtwin_core.common.errors import NotReproduced
from bloodtwin_core.common.logged import logged_to
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.reproducing import Reproduced, reproduce, version_to_reproduce


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin reproduce` takes."""
    parser.add_argument("artifacts", type=Path, metavar="ARTIFACTS", help="folder of one model")
    parser.add_argument("--version", default="", metavar="VERSION", help="such as 0003-1a2b3c4d (default: that in use)")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="where to train and keep it (default: nowhere)")


def run(given: argparse.Namespace) -> None:
    """Train, and tell file by file. Raises SettingsError, ArtifactMissing, NotReproduced and what training raises."""
    store = ArtifactStore(given.artifacts)
    manifest = version_to_reproduce(store, given.version)
    place = nullcontext(given.to) if given.to else TemporaryDirectory()
    log = logging.StreamHandler(sys.stderr)
    with place as folder, logged_to(log), redirect_stdout(sys.stderr), interrupts_as_such():
        found = reproduce(store, manifest, Path(folder))
    sys.stdout.write("".join(f"{name}: the same bytes\n" for name in found.same))
    sys.stdout.write("".join(f"{name}: other bytes\n" for name in found.differing))
    sys.stdout.flush()
    if found.differing:
        raise NotReproduced(_why(found))


def _why(found: Reproduced) -> str:
    told = f"{found.version} came out with other bytes: {', '.join(found.differing)}. "
    if found.other_code:
        return f"{told}The program is another than then ({'; '.join(found.other_code)}): train with that one"
    return f"{told}The program is the same, so look at the machine: another processor rounds otherwise"
