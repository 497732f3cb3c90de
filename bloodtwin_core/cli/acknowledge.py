"""Say that somebody has looked at a week that drifted, so that it holds no model back any more.

ARTIFACTS is the folder of one model. Without --week it says which weeks are open, and changes nothing.

  bloodtwin acknowledge artifacts/bloodtwin_unified_lstm
  bloodtwin acknowledge artifacts/bloodtwin_unified_lstm --pump 881235 --week 2026-01-05 --note "new insulin"
"""

import argparse
import sys
from datetime import date
from pathlib import Path

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.common.locks import Owner
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.publishing.store import PublishedStore


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin acknowledge` takes."""
    parser.add_argument("artifacts", type=Path, metavar="ARTIFACTS", help="folder of one model")
    parser.add_argument("--pump", metavar="PUMP", help="whose week it is; may be left out if only one is open then")
    parser.add_argument("--week", metavar="DATE", help="the Monday that begins it, such as 2026-01-05")
    parser.add_argument("--note", default="", metavar="TEXT", help="what was found, to be kept with it")


def run(given: argparse.Namespace) -> None:
    """Write it down, or list what is open. Raises SettingsError, ArtifactMissing or StorageError."""
    owner = Owner(waits=True, only_fetches=not given.week)
    published = PublishedStore(ArtifactStore(given.artifacts).published, owner)
    published.refresh()
    if not given.week:
        told = [week.told for week in published.ledger().open]
        sys.stdout.write("".join(f"{line}\n" for line in told or ["No week with drift is open."]))
        return
    start = _monday(given.week)
    pump = given.pump or _only_pump(published, start)
    published.change_ledger(lambda ledger: ledger.seen(pump, start, given.note))
    sys.stdout.write(f"{pump}, week of {start}: looked at.\n")


def _monday(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"--week {text}: write the day on which it begins, such as 2026-01-05") from None


def _only_pump(published: PublishedStore, start: date) -> str:
    pumps = [week.pump for week in published.ledger().open if week.start == start]
    if len(pumps) != 1:
        raise SettingsError(f"--week {start}: say whose with --pump; open then: {', '.join(pumps) or 'none'}")
    return pumps[0]
