"""What a Nightscout site lists and what it does not: searching, paging, deleting, dates and units."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.sources import FetchSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.sources.nightscout import NightscoutSettings
from bloodtwin_core.sources.nightscout import importer as nightscout
from bloodtwin_core.sources.nightscout.syncing import Marks
from bloodtwin_core.sources.settings import data_settings
from tests.core.sources.nightscout.documents import (
    FLAT,
    NOON,
    at,
    milliseconds,
    rates,
    reading,
    status,
    told,
    treatment,
)
from tests.core.sources.servers.nightscout import API_SECRET, TOKEN, NightscoutServer


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKEN", "TOKEN_FILE", "API_SECRET", "API_SECRET_FILE"):
        monkeypatch.delenv(f"BLOODTWIN_NIGHTSCOUT_{name}", raising=False)
    monkeypatch.setenv("BLOODTWIN_NIGHTSCOUT_TOKEN", TOKEN)


def settings(server: NightscoutServer, root: Path, since: str = "2024-04-20") -> DataSettings:
    quick = FetchSettings(attempts=2, first_wait_seconds=0.0, timeout_seconds=10, since=since)
    return data_settings(
        source="nightscout", root=str(root), fetch=quick, nightscout=NightscoutSettings(url=server.url)
    )


def synced(server: NightscoutServer, root: Path, since: str = "2024-04-20") -> PumpEvents:
    """What is known after one more sync."""
    chosen = settings(server, root, since)
    nightscout.sync(chosen)
    (pump,) = nightscout.events(chosen)
    return pump


def site_with_readings(server: NightscoutServer, days: int = 2) -> None:
    server.entries = [reading(60.0 * hour) for hour in range(-24, 24 * (days - 1))]
    server.profiles = [FLAT]


def dated(minutes: float, insulin: float, **more: Any) -> dict[str, Any]:
    """A treatment of a site that does not make created_at of date."""
    return {
        "identifier": f"date-only {minutes}",
        "eventType": "Meal Bolus",
        "insulin": insulin,
        "app": "AAPS",
        **more,
    } | {"date": milliseconds(at(minutes))}


# --- dates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 3])
@pytest.mark.parametrize("others", [0, 30])
def test_treatments_without_created_at_are_asked_for_by_their_date(version: int, others: int, tmp_path: Path) -> None:
    with NightscoutServer(speaks_v3=version == 3, page=10) as server:
        site_with_readings(server)
        server.treatments = [dated(60.0 * n, 5.0) for n in range(3)]
        server.treatments += [
            treatment(10.0 + n, "SMB", insulin=0.1, date=milliseconds(at(10.0 + n))) for n in range(others)
        ]
        assert synced(server, tmp_path).bolus.dose.sum() == pytest.approx(15.0 + 0.1 * others)
        assert len(synced(server, tmp_path).bolus) == 3 + others


def test_more_treatments_without_created_at_than_fit_on_a_page_all_arrive(tmp_path: Path) -> None:
    with NightscoutServer(page=10) as server:
        site_with_readings(server)
        server.treatments = [dated(float(n), 0.5) for n in range(35)]
        assert len(synced(server, tmp_path).bolus) == 35


@pytest.mark.parametrize("version", [1, 3])
def test_more_documents_of_one_time_than_fit_on_a_page_all_arrive(
    version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bloodtwin_core.sources.nightscout.site.PAGE", 10)
    with NightscoutServer(speaks_v3=version == 3, page=10) as server:
        site_with_readings(server)
        server.treatments = [
            treatment(minute, "Bolus", str(n), insulin=(n + 1) / 10) for minute in (0, 1) for n in range(25)
        ]
        assert len(synced(server, tmp_path).bolus) == 50


# --- changes and deletions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 3])
@pytest.mark.parametrize("permanently", [True, False])
@pytest.mark.parametrize("lists_deleted", [True, False])
def test_what_was_deleted_lately_is_gone(version: int, permanently: bool, lists_deleted: bool, tmp_path: Path) -> None:
    with NightscoutServer(speaks_v3=version == 3, lists_deleted=lists_deleted) as server:
        site_with_readings(server)
        server.treatments = [treatment(0, "Meal Bolus", insulin=8.0), treatment(1, "Meal Bolus", insulin=0.8)]
        assert synced(server, tmp_path).bolus.dose.sum() == 8.8
        server.delete(server.treatments[0], permanently=permanently)
        assert synced(server, tmp_path).bolus.dose.tolist() == [0.8]


def test_what_was_deleted_or_changed_long_ago_is_taken_over_from_the_history_of_changes(tmp_path: Path) -> None:
    with NightscoutServer(page=3) as server:
        site_with_readings(server, days=60)
        server.treatments = [treatment(1440.0 * day, "Meal Bolus", insulin=4.0 + day / 100) for day in range(55)]
        before = synced(server, tmp_path)
        for place in (0, 3, 4, 5, 6):
            server.delete(server.treatments[place])
        server.treatments[10] |= {"insulin": 1.0, "srvModified": server.treatments[0]["srvModified"]}
        combo = {"eventType": "Combo Bolus", "enteredinsulin": 5.0, "splitNow": 40, "splitExt": 60, "duration": 60}
        server.treatments[11] |= {**combo, "srvModified": server.treatments[0]["srvModified"]}
        server.treatments[11].pop("insulin")
        after = synced(server, tmp_path)
    assert len(before.bolus) == 55
    assert len(after.bolus) == 55 - 5 + 1
    gone = sum(4.0 + place / 100 for place in (0, 3, 4, 5, 6))
    changed = 4.10 - 1.0 + 4.11 - 5.0
    assert after.bolus.dose.sum() == pytest.approx(before.bolus.dose.sum() - gone - changed)


def test_a_site_that_lost_everything_takes_nothing_away(tmp_path: Path) -> None:
    with NightscoutServer(page=1000) as server:
        site_with_readings(server)
        server.treatments = [treatment(float(n), "SMB", insulin=0.1) for n in range(300)]
        synced(server, tmp_path)
        server.treatments = []
        assert len(synced(server, tmp_path).bolus) == 300


def test_what_an_older_version_read_is_read_again(tmp_path: Path) -> None:
    with NightscoutServer() as server:
        site_with_readings(server, days=60)
        server.treatments = [treatment(0, "Meal Bolus", insulin=4.0), treatment(1440 * 50, "Meal Bolus", insulin=1.0)]
        synced(server, tmp_path)
        Marks(1, 0, False).keep(tmp_path / "nightscout_nightscout")
        server.treatments[0]["insulin"] = 2.0
        assert synced(server, tmp_path).bolus.dose.tolist() == [2.0, 1.0]


# --- statuses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 3])
def test_a_site_tells_of_a_suspension_by_the_pumps_status(version: int, tmp_path: Path) -> None:
    with NightscoutServer(speaks_v3=version == 3) as server:
        site_with_readings(server)
        server.statuses = [status(minute, suspended=0 <= minute < 60, reservoir=100.0) for minute in range(-60, 120, 5)]
        assert rates(synced(server, tmp_path)) == [(0, 0.0), (60, 1.0)]
        asked = [one.query for one in server.asked_of("/devicestatus") if "created_at$gte" in one.query]
        fields = [query["fields"] for query in sorted(asked, key=lambda query: query["created_at$gte"])]
        assert all(asked_for.startswith("identifier,created_at,date,pump") for asked_for in fields)
        # What an algorithm knows is much to fetch, and asked for of the newest weeks alone.
        with_loops = [asked_for.endswith(",loop,openaps") for asked_for in fields]
        assert with_loops == sorted(with_loops)
        assert version == 1 or 0 < sum(with_loops) <= 3
        before = len(server.asked)
        synced(server, tmp_path)
        later = [one.query for one in server.asked[before:] if "devicestatus" in one.path]
        days = [query.get("created_at$gte", query.get("find[created_at][$gte]")) for query in later]
        assert min(day for day in days if day) >= "2024-04-29"


# --- units -----------------------------------------------------------------------------------------------------------


def entries_of(*values: Any, **said: Any) -> list[dict[str, Any]]:
    return [reading(5.0 * n, value, **said) for n, value in enumerate(values)]


def test_readings_in_mmol_are_converted_where_a_device_writes_fractions() -> None:
    pump = told(entries=entries_of(6.9, 7.0, 7.2, 10, "9,1", device="LinkBluCon"))
    assert pump.glucose.glucose.tolist() == pytest.approx([124.30764, 126.1092, 129.71232, 180.156, 163.94196])
    assert set(pump.glucose.sensor) == {"LinkBluCon"}
    assert pump.repairs[RepairKind.readings_in_mmol] == 5


def test_readings_whose_entry_says_mmol_are_converted() -> None:
    pump = told(entries=[*entries_of(120, 125), reading(60, 7, units="mmol/l")])
    assert pump.glucose.glucose.tolist() == pytest.approx([120, 125, 126.1092])


def test_codes_of_errors_are_counted_and_no_readings() -> None:
    pump = told(entries=entries_of(120, 10, 12, 9, 5, 125))
    assert pump.glucose.glucose.tolist() == [120, 125]
    assert pump.repairs[RepairKind.error_codes] == 4


def test_a_fraction_among_readings_in_mg_per_dl_is_mmol() -> None:
    pump = told(entries=entries_of(120, 118, 6.5, 10, 116))
    assert pump.glucose.glucose.tolist() == pytest.approx([120, 118, 117.1014, 116])
    assert (pump.repairs[RepairKind.readings_in_mmol], pump.repairs[RepairKind.error_codes]) == (1, 1)


def test_whole_numbers_that_may_be_mmol_or_codes_are_refused_in_words() -> None:
    with pytest.raises(
        DataError, match=r"16 of 56 entries of the device 'G6' are whole numbers under 39.*mmol/L"
    ) as error:
        told(entries=entries_of(*([7, 8, 14, 11] * 4), *([120] * 40)))
    assert "a site keeps mg/dL" in str(error.value)


# --- the site itself -------------------------------------------------------------------------------------------------


def test_with_an_api_secret_all_the_same_arrives(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BLOODTWIN_NIGHTSCOUT_TOKEN")
    monkeypatch.setenv("BLOODTWIN_NIGHTSCOUT_API_SECRET", API_SECRET)
    with NightscoutServer() as server:
        site_with_readings(server)
        server.treatments = [dated(0, 5.0), treatment(30, "Bolus", insulin=1.0)]
        pump = synced(server, tmp_path)
    assert pump.bolus.times.tolist() == [NOON, at(30)]
    assert np.isfinite(pump.basal.rate).all()
