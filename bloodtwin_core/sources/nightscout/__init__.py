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
from bloodtwin_core.events.kinds import GlucoseEvents, PumpEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.sources.credentials import secret
from bloodtwin_core.sources.fetched import Day, FetchedRows, Row, Window, windows
from bloodtwin_core.sources.fetching import (
    EARLIEST_DAY,
    FetchReport,
    asked_for,
    first_day,
    folder_of,
    histories_in,
    today,
)
from bloodtwin_core.sources.nightscout.documents import entry_rows, profile_rows, treatment_rows
from bloodtwin_core.sources.nightscout.insulin import basal_events, bolus_events
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.profiles import Profile
from bloodtwin_core.sources.nightscout.site import ENTRIES, TREATMENTS, Collection, NightscoutSite

SOURCE = "nightscout"
TOKEN_VARIABLE, API_SECRET_VARIABLE = "BLOODTWIN_NIGHTSCOUT_TOKEN", "BLOODTWIN_NIGHTSCOUT_API_SECRET"
NOTES = "entries, treatments and profiles of a Nightscout site"
_PROFILES = "profiles"
_PROFILE_WINDOW = Window(np.datetime64("1970-01-01"), np.datetime64("1970-01-01"))
"""Profiles come whole with every sync, so that they have one file instead of one a window."""


def sync(settings: DataSettings, progress: Progress = silent) -> list[FetchReport]:
    """Fetch the site's documents that are not on disk yet, window by window, oldest first.

    Each window is kept as soon as it is there, and the next sync goes on from the newest documents known. A document
    that was changed within data.fetch.overlap_days is taken over as it is now; one that was removed stays known. Raises
    SettingsError if data.root or data.nightscout.url is missing or the site refuses, DataError if it cannot be reached.
    """
    root, site_settings = folder_of(settings), settings.nightscout
    token, api_secret = secret(TOKEN_VARIABLE), secret(API_SECRET_VARIABLE)
    if token and api_secret:
        raise SettingsError(f"{TOKEN_VARIABLE} and {API_SECRET_VARIABLE} are both set. Unset one of them")
    if not site_settings.url:
        raise SettingsError("data.nightscout.url is not set. Write the site's address, like https://my-site.example")
    asked_for([site_settings.pump_id], settings.pump_ids)
    rows, profiles = _histories(root / f"{SOURCE}_{site_settings.pump_id}")
    site = NightscoutSite(site_settings.url, token, api_secret, settings.fetch)
    profiles.add(_PROFILE_WINDOW, profile_rows(site.profiles(), site_settings.time_zone))
    return [_sync_rows(site, rows, settings, progress)]


def events(settings: DataSettings) -> Iterator[PumpEvents]:
    """The events fetched to data.root, in UTC. Raises SettingsError or DataError if there are none."""
    folders = histories_in(folder_of(settings), SOURCE, settings.pump_ids)
    has_pump = settings.nightscout.profile_basal
    return (_events_of(pump_id, *_histories(folder), profile_basal=has_pump) for pump_id, folder in folders.items())


def wearer_zone(settings: DataSettings) -> str:
    """The zone of the newest profile fetched to data.root, which is the wearer's; empty if there is none."""
    folders = histories_in(folder_of(settings), SOURCE, settings.pump_ids)
    tables = [_histories(folder)[1].table() for folder in folders.values()]
    table = pd.concat(tables).sort_values("time", kind="stable")
    for document in reversed(table.loc[table["kind"] == SiteKind.profile, "detail"].tolist()):
        profile = Profile.model_validate_json(document)
        schedule = profile.schedules.get(profile.default) or next(iter(profile.schedules.values()), None)
        if schedule is not None:
            return schedule.zone
    return ""


def _sync_rows(site: NightscoutSite, rows: FetchedRows, settings: DataSettings, progress: Progress) -> FetchReport:
    known = rows.table()
    begins = {
        collection: first_day(_newest(known, collection), EARLIEST_DAY, settings.fetch)
        for collection in (ENTRIES, TREATMENTS)
    }
    first, last = min(begins.values()), today()
    asked, new = list(windows(first, last)), 0
    for number, window in enumerate(asked):
        progress(Step(number, len(asked), f"the site from {window.first}"))
        new += rows.add(window, _fetched(site, window, begins, settings.nightscout.time_zone))
    progress(Step(len(asked), len(asked), "the site"))
    return FetchReport(settings.nightscout.pump_id, new, len(known) + new, first, last)


def _fetched(site: NightscoutSite, window: Window, begins: dict[Collection, Day], default_zone: str) -> list[Row]:
    """The rows of a window; of each collection only from its first day on."""
    rows: list[Row] = []
    for collection, begin in begins.items():
        if begin > window.last:
            continue
        documents = site.documents(collection, Window(max(window.first, begin), window.last))
        rows += entry_rows(documents) if collection is ENTRIES else treatment_rows(documents, default_zone)
    return rows


def _newest(known: pd.DataFrame, collection: Collection) -> Day | None:
    """The day of the newest document of a collection, those from the future left aside."""
    mine = known[known["id"].str.startswith(f"{collection.name}/") & (known["kind"] != SiteKind.unreadable)]
    days = mine["time"].to_numpy(dtype="datetime64[D]")
    days = days[days <= today()]
    return days.max() if len(days) else None


def _events_of(pump_id: str, rows: FetchedRows, profiles: FetchedRows, *, profile_basal: bool) -> PumpEvents:
    table, profile_table = rows.table(), profiles.table()
    unreadable = sum(int((part["kind"] == SiteKind.unreadable).sum()) for part in (table, profile_table))
    table, profile_table = (
        part[part["kind"] != SiteKind.unreadable].sort_values("time", kind="stable") for part in (table, profile_table)
    )
    readings = table[table["kind"] == SiteKind.glucose]
    times = readings["time"].to_numpy(dtype="datetime64[s]")
    return PumpEvents(
        pump_id,
        GlucoseEvents.of(times, readings["value"], readings["detail"].to_numpy(dtype=np.str_)),
        basal_events(table, profile_table if profile_basal else profile_table.iloc[:0]),
        bolus_events(table),
        Repairs.of(RepairKind.unreadable_rows, unreadable),
    ).without_repeats()


def _histories(folder: Path) -> tuple[FetchedRows, FetchedRows]:
    return FetchedRows(folder), FetchedRows(folder / _PROFILES)
