"""Tandem Source, the cloud behind the t:slim X2 and Mobi pumps, through the library tconnectsync.

sync() fetches what is new to the folder data.root; events() reads what lies there and needs no network. Where a wearer
gets an account and how credentials are given: docs/sources.md.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.common.progress import Progress, Step, silent
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import GlucoseEvents, PumpEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.silence import until_unheard
from bloodtwin_core.sources.credentials import required_secret
from bloodtwin_core.sources.fetched import Day, FetchedRows, Window, windows
from bloodtwin_core.sources.fetching import (
    FetchReport,
    asked_for,
    first_day,
    folder_of,
    histories_in,
    history_folder,
    known_zone,
    today,
)
from bloodtwin_core.sources.tandem import SOURCE, TandemSettings
from bloodtwin_core.sources.tandem.clock import total_settings, utc_of
from bloodtwin_core.sources.tandem.daily import stated_basal
from bloodtwin_core.sources.tandem.insulin import basal_events, bolus_events
from bloodtwin_core.sources.tandem.kinds import PumpKind
from bloodtwin_core.sources.unreadable import not_understood

if TYPE_CHECKING:
    from bloodtwin_core.sources.tandem.cloud import CloudPump, TandemCloud

logger = logging.getLogger(__name__)

EMAIL_VARIABLE, PASSWORD_VARIABLE = "BLOODTWIN_TANDEM_EMAIL", "BLOODTWIN_TANDEM_PASSWORD"
_CLOCK_FOLDER = "clock"
_CLOCK_WINDOW = Window(np.datetime64("1970-01-01"), np.datetime64("1970-01-01"))
"""Changes of the clock come whole with every answer, so that they have one file instead of one a window."""


def sync(settings: DataSettings, progress: Progress = silent) -> list[FetchReport]:
    """Fetch the events of the account's pumps that are not on disk yet, window by window, oldest first.

    Each window is kept as soon as it is there, and the next sync goes on from the newest event known. Raises
    SettingsError if credentials, data.root, data.tandem.time_zone or the library are missing, DataError if the cloud
    cannot be reached or a pump of data.pump_ids is not in the account.
    """
    root = folder_of(settings)
    _zone(settings)
    email = required_secret(EMAIL_VARIABLE, "The e-mail address of the Tandem Source account")
    password = required_secret(PASSWORD_VARIABLE, "The password of the Tandem Source account")
    cloud = _cloud_class()(email, password, settings.of(TandemSettings).region, settings.fetch)
    pumps = cloud.pumps()
    chosen = asked_for([pump.serial for pump in pumps], settings.pump_ids)
    return [_sync_pump(cloud, pump, root, settings, progress) for pump in pumps if pump.serial in chosen]


def events(settings: DataSettings) -> Iterator[PumpEvents]:
    """The events of each pump fetched to data.root, in UTC. Raises SettingsError or DataError if there are none."""
    zone = _zone(settings)
    folders = histories_in(folder_of(settings), SOURCE.name, settings.pump_ids)
    return (_events_of(pump_id, folder, zone) for pump_id, folder in folders.items())


def _zone(settings: DataSettings) -> str:
    stated = settings.of(TandemSettings).time_zone
    return known_zone(stated, "data.tandem.time_zone", "the zone that the pump's clock is set to")


def _sync_pump(
    cloud: "TandemCloud", pump: "CloudPump", root: Path, settings: DataSettings, progress: Progress
) -> FetchReport:
    rows, clock = _histories(history_folder(root, SOURCE.name, pump.serial))
    if pump.first is None:
        logger.info("Pump %s (%s) was never uploaded; it has no events yet", pump.serial, pump.model)
        return FetchReport(pump.serial, 0, 0)
    from bloodtwin_core.sources.tandem.rows import rows_of

    known = rows.table()
    first = first_day(_newest(known), pump.first, settings.fetch)
    last = min(pump.last or today(), today()) + np.timedelta64(1, "D")
    asked, new = list(windows(first, last)), 0
    for number, window in enumerate(asked):
        progress(Step(number, len(asked), f"pump {pump.serial} from {window.first}"))
        logged, settings_of_clock = cloud.log(pump, window)
        clock.add(_CLOCK_WINDOW, rows_of(settings_of_clock))
        new += rows.add(window, rows_of(logged))
    progress(Step(len(asked), len(asked), f"pump {pump.serial}"))
    return FetchReport(pump.serial, new, len(known) + new, first, last)


def _events_of(pump_id: str, folder: Path, zone: str) -> PumpEvents:
    rows, clock = _histories(folder)
    table = pd.concat([rows.table(), clock.table()]).drop_duplicates("id").sort_values("id", ignore_index=True)
    unreadable = table["kind"] == PumpKind.unreadable
    unread, log = table[unreadable], table[~unreadable].reset_index(drop=True)
    changes = log[log["kind"] == PumpKind.clock_changed]
    ids, change_ids = log["id"].to_numpy(dtype=np.str_), changes["id"].to_numpy(dtype=np.str_)
    moved = total_settings(ids, change_ids, changes["value"].to_numpy(dtype=np.int64))
    shown = log["time"].to_numpy(dtype="datetime64[s]")
    log["time"], repairs = utc_of(shown, moved, zone)
    readings = log[log["kind"] == PumpKind.glucose]
    set_back = int((changes["value"] < 0).sum())
    told = PumpEvents(
        pump_id,
        GlucoseEvents.of(
            readings["time"].to_numpy(dtype="datetime64[s]"),
            readings["value"],
            readings["detail"].to_numpy(dtype=np.str_),
        ),
        basal_events(log),
        bolus_events(log),
        repairs + Repairs.of(RepairKind.clock_set_back, set_back) + not_understood(unread["detail"], unread["value"]),
        wearer_zone=zone,
        stated=stated_basal(log, shown),
    )
    return until_unheard(told.without_repeats(), np.sort(log["time"].to_numpy(dtype="datetime64[s]")))


def _histories(folder: Path) -> tuple[FetchedRows, FetchedRows]:
    return FetchedRows(folder), FetchedRows(folder / _CLOCK_FOLDER)


def _newest(known: pd.DataFrame) -> Day | None:
    """The day of the line written last: not the latest time, which a clock set wrong may have put into the future."""
    readable = known[(known["kind"] != PumpKind.unreadable) & (known["kind"] != PumpKind.glucose)]
    readable = readable if len(readable) else known[known["kind"] == PumpKind.glucose]
    return readable["time"].iloc[-1].to_numpy().astype("datetime64[D]") if len(readable) else None


def _cloud_class() -> type["TandemCloud"]:
    try:
        from bloodtwin_core.sources.tandem.cloud import TandemCloud
    except ImportError as error:
        if not (error.name or "").startswith(("tconnectsync", "jwt")):
            raise
        raise SettingsError(
            "data.source tandem needs the library tconnectsync. Install it: pip install 'bloodtwin[tandem]'"
        ) from error
    except SystemExit as error:
        raise SettingsError(
            "tconnectsync refuses a setting of its own (TCONNECT_* in the environment or a .env file). Remove it"
        ) from error
    return TandemCloud
