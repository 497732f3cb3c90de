"""A Nightscout site of the wearer's own: readings, treatments and profiles over its REST API.

sync() fetches what is new to the folder data.root; events() reads what lies there and needs no network. How to let a
site be read: docs/sources.md.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.common.progress import Progress, Step, silent
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.records import CARBOHYDRATES
from bloodtwin_core.sources.credentials import secret
from bloodtwin_core.sources.fetched import Day, FetchedRows, Window, windows
from bloodtwin_core.sources.fetching import (
    EARLIEST_DAY,
    FetchReport,
    asked_for,
    first_day,
    folder_of,
    histories_in,
    history_folder,
    known_zone,
    today,
)
from bloodtwin_core.sources.nightscout import SOURCE, NightscoutSettings
from bloodtwin_core.sources.nightscout.documents import profile_rows
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.reading import events_of_rows
from bloodtwin_core.sources.nightscout.site import ENTRIES, STATUSES, TREATMENTS, Collection, NightscoutSite
from bloodtwin_core.sources.nightscout.site_rows import SiteRows
from bloodtwin_core.sources.nightscout.syncing import READER, Answers, Marks, newest_change_known, take_over

TOKEN_VARIABLE, API_SECRET_VARIABLE = "BLOODTWIN_NIGHTSCOUT_TOKEN", "BLOODTWIN_NIGHTSCOUT_API_SECRET"
_PROFILES = "profiles"
_PROFILE_WINDOW = Window(np.datetime64("1970-01-01"), np.datetime64("1970-01-01"))
"""Profiles come whole with every sync, so that they have one file instead of one a window."""


def sync(settings: DataSettings, progress: Progress = silent) -> list[FetchReport]:
    """Fetch the site's documents that are not on disk yet, window by window, oldest first.

    Each window is kept as soon as it is there, and the next sync goes on from the newest documents known. What was
    changed or deleted is taken over as it is now within data.fetch.overlap_days, and further back as far as the site
    tells of it. Raises SettingsError if data.root or data.nightscout.url is missing or the site refuses, DataError if
    it cannot be reached.
    """
    root, site_settings = folder_of(settings), settings.of(NightscoutSettings)
    token, api_secret = secret(TOKEN_VARIABLE), secret(API_SECRET_VARIABLE)
    if token and api_secret:
        raise SettingsError(f"{TOKEN_VARIABLE} and {API_SECRET_VARIABLE} are both set. Unset one of them")
    if not site_settings.url:
        raise SettingsError("data.nightscout.url is not set. Write the site's address, like https://my-site.example")
    asked_for([site_settings.pump_id], settings.pump_ids)
    rows, profiles = _histories(history_folder(root, SOURCE.name, site_settings.pump_id))
    site = NightscoutSite(site_settings.url, token, api_secret, settings.fetch)
    profiles.add(_PROFILE_WINDOW, profile_rows(site.profiles(), site_settings.time_zone))
    return [_sync_rows(site, rows, settings, progress)]


def events(settings: DataSettings) -> Iterator[PumpEvents]:
    """The events fetched to data.root, in UTC. Raises SettingsError or DataError if there are none."""
    folders = histories_in(folder_of(settings), SOURCE.name, settings.pump_ids)
    has_pump = settings.of(NightscoutSettings).profile_basal
    announced = CARBOHYDRATES in settings.extra_features
    stated = settings.of(NightscoutSettings).time_zone
    zone = known_zone(stated, "data.nightscout.time_zone", "the zone that the wearer lives in") if stated else ""
    for pump_id, folder in folders.items():
        rows, profiles = _histories(folder)
        yield events_of_rows(
            pump_id,
            map(_site_rows, rows.tables()),
            _site_rows(profiles.table()),
            profile_basal=has_pump,
            with_carbohydrates=announced,
            stated_zone=zone,
        )


def _sync_rows(site: NightscoutSite, rows: FetchedRows, settings: DataSettings, progress: Progress) -> FetchReport:
    known, newest = _known(rows)
    marks = Marks.in_folder(rows.folder) if known else Marks(READER)
    if not known:
        marks.keep(rows.folder)
    elif marks.reader != READER:
        newest = {}
    begins = {
        collection: first_day(newest.get(collection), EARLIEST_DAY, settings.fetch)
        for collection in (ENTRIES, TREATMENTS)
    }
    first, last = min(begins.values()), today()
    if site.can_tell(STATUSES):
        newest_status = newest.get(STATUSES, newest.get(TREATMENTS) if marks.statuses else None)
        begins[STATUSES] = first_day(newest_status, EARLIEST_DAY, settings.fetch)
    answers = Answers(site, begins, last, settings.of(NightscoutSettings).time_zone)
    if marks.changes:
        take_over(rows, answers.changed(marks.changes), begins[TREATMENTS])
    asked, new = list(windows(min(begins.values()), last)), 0
    for number, window in enumerate(asked):
        progress(Step(number, len(asked), f"the site from {window.first}"))
        answer = answers.of(window)
        new += rows.add(window, answer, answers.gone(window, answer))
    changes = newest_change_known(marks, answers.newest_change, _now())
    Marks(READER, changes, marks.statuses or STATUSES in begins).keep(rows.folder)
    progress(Step(len(asked), len(asked), "the site"))
    return FetchReport(settings.of(NightscoutSettings).pump_id, new, _known(rows)[0], first, last)


def _known(rows: FetchedRows) -> tuple[int, dict[Collection, Day]]:
    """How many rows are known, and the day of the newest document of each collection, but for those of the future."""
    count, newest = 0, dict[Collection, Day]()
    for table in rows.tables():
        count += len(table)
        for collection in (ENTRIES, TREATMENTS, STATUSES):
            mine = table["id"].str.startswith(f"{collection.name}/") & (table["kind"] != SiteKind.unreadable)
            days = table.loc[mine, "time"].to_numpy(dtype="datetime64[D]")
            days = days[days <= today()]
            if len(days):
                newest[collection] = max(days.max(), newest.get(collection, days.max()))
    return count, newest


def _now() -> int:
    return int(np.datetime64("now", "ms").astype(np.int64))


def _site_rows(table: pd.DataFrame) -> SiteRows:
    return SiteRows.of_columns(
        table["time"].to_numpy(dtype="datetime64[s]"),
        (table["value"].to_numpy(dtype=np.float64), table["minutes"].to_numpy(dtype=np.float64)),
        ids=table["id"].tolist(),
        kinds=table["kind"].tolist(),
        details=table["detail"].tolist(),
    )


def _histories(folder: Path) -> tuple[FetchedRows, FetchedRows]:
    return FetchedRows(folder), FetchedRows(folder / _PROFILES)
