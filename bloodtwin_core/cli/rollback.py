"""Go back to an earlier published version of a model, at once and while others forecast with it.

ARTIFACTS is the folder of one model. Without --to it is the newest version before the one in use. What was in use is
not published again by itself. --list says which versions there are, and changes nothing.

  bloodtwin rollback artifacts/bloodtwin_unified_lstm --why "alarms at night"
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from bloodtwin_core.common.locks import Owner
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.publishing.store import PublishedStore
from bloodtwin_core.publishing.text import versions_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin rollback` takes."""
    parser.add_argument("artifacts", type=Path, metavar="ARTIFACTS", help="folder of one model")
    parser.add_argument("--to", default="", metavar="VERSION", help="the version to go back to, such as 0003-1a2b3c4d")
    parser.add_argument("--why", default="", metavar="TEXT", help="why, to be kept with it")
    parser.add_argument("--list", action="store_true", help="say which versions there are, and change nothing")


def run(given: argparse.Namespace) -> None:
    """Switch, or list. Raises SettingsError for an unknown version, ArtifactMissing for one that is not whole."""
    owner = Owner(waits=True, only_fetches=given.list)
    published = PublishedStore(ArtifactStore(given.artifacts).published, owner)
    published.refresh()
    if not given.list:
        version = published.roll_back(datetime.now(UTC), given.to, given.why)
        sys.stdout.write(f"Version {version} is in use now.\n")
        return
    pointer, last = published.pointer, published.last_decision()
    versions = [published.manifest(version) for version in published.versions()]
    sys.stdout.write(versions_table(versions, pointer.version if pointer else ""))
    if last:
        sys.stdout.write(f"\nThe last candidate was {last.verdict}: {last.why}\n")
