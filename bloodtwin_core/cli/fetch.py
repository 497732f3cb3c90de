"""Get what is published of a model that machines share, to forecast with; nothing is written there.

ADDRESS is s3://bucket/prefix/NAME: artifacts.shared, and the model's name. FOLDER then holds what
artifacts/NAME/published holds, and `bloodtwin serve --model FOLDER` and Forecaster.load follow it; it is new, empty or
was fetched before. Fetched again, only what differs is loaded, and what was lost or damaged there; the version in use
changes once all of the new one is there. Extra: s3.

  bloodtwin fetch s3://glucose/models/bloodtwin_unified_lstm published
"""

import argparse
import sys
from pathlib import Path

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.common.locks import Owner
from bloodtwin_core.common.shared.bucket import Address, Bucket
from bloodtwin_core.common.shared.copy import copy_of, is_copy, join
from bloodtwin_core.common.shared.lease import read_head
from bloodtwin_core.publishing.store import PublishedStore


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin fetch` takes."""
    parser.add_argument("address", metavar="ADDRESS", help="s3://bucket/prefix/NAME")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder that keeps what is fetched")


def run(given: argparse.Namespace) -> None:
    """Fetch.

    Raises SettingsError for an address at which nothing is published and for a folder that holds something else, and
    what SharedCopy.fetch raises.
    """
    try:
        address = Address.of(given.address)
    except ValueError as error:
        raise SettingsError(f"ADDRESS {error}") from None
    head, _, _ = read_head(Bucket(address / "published"))
    if not head.version:
        raise SettingsError(f"{address}: nothing is published there. Check the name of the model")
    _require_room(given.folder)
    join(given.folder, address / "published")
    published = PublishedStore(given.folder, Owner(what="bloodtwin fetch", waits=True, only_fetches=True))
    with published.owned():
        if copy := copy_of(given.folder):
            copy.fetch(mends=True)
        pointer = published.pointer
    in_use = f"version {pointer.version}" if pointer else "none"
    sys.stdout.write(f"{given.folder}: {in_use} is in use.\n")


def _require_room(folder: Path) -> None:
    if not is_copy(folder) and folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir()):
        raise SettingsError(
            f"{folder} holds files that were not fetched, whose place others would take. Name a new or empty folder"
        )
