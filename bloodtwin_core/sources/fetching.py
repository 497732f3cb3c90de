"""What the sources that fetch from a cloud or a site have in common: where they keep it and from which day they ask."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import available_timezones

import numpy as np

from bloodtwin_core.common.errors import DataError, SettingsError, listed
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.common.progress import Progress
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.sources import FetchSettings
from bloodtwin_core.events.plausible import EARLIEST
from bloodtwin_core.records.pump_ids import PumpId, pump_id_of
from bloodtwin_core.records.split_files import natural_order
from bloodtwin_core.sources.row import Day

EARLIEST_DAY: Day = EARLIEST.astype("datetime64[D]")
"""Nothing older is asked for, since it would be refused."""


@dataclass(frozen=True)
class FetchReport:
    """What one sync brought for one pump: new rows, all rows, and the days that were asked for, if any."""

    pump_id: PumpId
    new: int
    total: int
    first: Day | None = None
    last: Day | None = None


Fetch = Callable[[DataSettings, Progress], list[FetchReport]]
"""What brings the new events of a cloud or site to data.root."""


def folder_of(settings: DataSettings) -> Path:
    """The folder that keeps what is fetched. Raises SettingsError if data.root is not set."""
    if not settings.root:
        raise SettingsError("data.root is not set. Name a folder of your own that keeps the fetched events")
    return given_path(settings.root)


def history_folder(root: Path, source: str, pump: str) -> Path:
    """The folder of what is fetched of one pump. Raises DataError where what it is called is no pump id."""
    return root / f"{source}_{pump_id_of(pump)}"


def histories_in(root: Path, source: str, pump_ids: Sequence[str]) -> dict[str, Path]:
    """The folder of each pump fetched from a source, by pump id. Raises DataError if one or all are missing."""
    prefix = f"{source}_"
    folders = {path.name.removeprefix(prefix): path for path in root.glob(f"{prefix}*") if path.is_dir()}
    todo = f"Fetch them first: materialize {source}_event_history with the same settings, or use bloodtwin import"
    if not folders:
        raise DataError(f"no events have been fetched from {source} yet", todo=todo, file=root)
    missing = [pump_id for pump_id in pump_ids if pump_id not in folders]
    if missing:
        there = listed(sorted(folders, key=natural_order))
        raise DataError(
            f"no events of pump {missing[0]} have been fetched, only of {there}",
            todo=f"{todo}, or correct data.pump_ids",
        )
    wanted = dict.fromkeys(pump_ids) or sorted(folders, key=natural_order)
    return {pump_id_of(pump_id, file=folders[pump_id]): folders[pump_id] for pump_id in wanted}


def fingerprint(root: Path, source: str) -> str:
    """One sha256 over all files fetched from a source: the same if and only if the same events are known."""
    files = sorted(path for path in root.glob(f"{source}_*/**/*") if path.is_file() and not path.name.startswith("."))
    lines = [f"{path.relative_to(root).as_posix()} {sha256_of(path)}" for path in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def asked_for(there: Sequence[str], pump_ids: Sequence[str]) -> set[str]:
    """The pumps to fetch, all if pump_ids is empty. Raises DataError if one is not in the account."""
    missing = [pump_id for pump_id in pump_ids if pump_id not in there]
    if missing or not there:
        what = f"pump {missing[0]} is not in the account" if missing else "the account holds no pump"
        raise DataError(f"{what}; there are {listed(there) or 'none'}", todo="Correct data.pump_ids")
    return set(pump_ids or there)


def first_day(newest: Day | None, available_from: Day, settings: FetchSettings) -> Day:
    """The day from which to ask: the first there is, or a few days before the newest event that is known."""
    start: Day = max(available_from, EARLIEST_DAY, np.datetime64(settings.since or str(EARLIEST_DAY), "D"))
    if newest is None:
        return start
    again: Day = min(newest, today()) - np.timedelta64(settings.overlap_days, "D")
    return max(start, again)


def today() -> Day:
    """The day in UTC."""
    return np.datetime64(datetime.now(UTC).date(), "D")


def known_zone(stated: str, setting: str, what: str) -> str:
    """The zone's name as the IANA database writes it. Raises SettingsError if it is empty or not known."""
    example = "such as Europe/Berlin or America/New_York"
    if not stated:
        raise SettingsError(f"{setting} is not set. Name {what}, {example}")
    if not is_zone(stated):
        raise SettingsError(f"{setting} '{stated}' is no time zone. Name {what}, {example}")
    return _zones()[stated.casefold()]


def is_zone(name: str) -> bool:
    """Whether the IANA database has a zone of this name, in whichever case it is written."""
    return name.casefold() in _zones()


@cache
def _zones() -> dict[str, str]:
    """The names of all zones by their small letters."""
    return {name.casefold(): name for name in available_timezones()}
