"""A Nightscout site in both versions of its API, against a server on the loopback interface that speaks as one does."""

import hashlib
import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError
from requests.adapters import HTTPAdapter

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.sources import FetchSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.records import Feature, Split
from bloodtwin_core.records.split_files import read_split_file
from bloodtwin_core.sources.fetching import FetchReport
from bloodtwin_core.sources.nightscout import NightscoutSettings, importer
from bloodtwin_core.sources.nightscout.documents import entry_rows, profile_rows, treatment_rows
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.sources.splits import pump_split_files
from tests.core.sources.killing import killed_anywhere, written
from tests.core.sources.servers.loopback import Answer, Asked, Fault
from tests.core.sources.servers.nightscout import API_SECRET, TOKEN, NightscoutServer

ALL_FAULTS = list(Fault)
NOON = np.datetime64("2024-05-01T12:00:00", "s")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKEN", "TOKEN_FILE", "API_SECRET", "API_SECRET_FILE"):
        monkeypatch.delenv(f"BLOODTWIN_NIGHTSCOUT_{name}", raising=False)
    monkeypatch.setenv("BLOODTWIN_NIGHTSCOUT_TOKEN", TOKEN)


def settings(server: NightscoutServer, root: Path, since: str = "2024-01-01", **site: Any) -> DataSettings:
    quick = FetchSettings(attempts=4, first_wait_seconds=0.0, timeout_seconds=10, since=since)
    return data_settings(
        source="nightscout", root=str(root), fetch=quick, nightscout=NightscoutSettings(url=server.url, **site)
    )


def synced(chosen: DataSettings) -> FetchReport:
    (report,) = importer.sync(chosen)
    return report


def read(chosen: DataSettings) -> PumpEvents:
    (pump,) = importer.events(chosen)
    return pump


def later(minutes: float) -> np.datetime64:
    return NOON + np.timedelta64(round(minutes * 60), "s")


def entry(time: np.datetime64, sgv: Any, name: str = "", **more: Any) -> dict[str, Any]:
    milliseconds = int(time.astype("datetime64[ms]").astype(np.int64))
    return {"_id": f"e{name or time}", "type": "sgv", "sgv": sgv, "date": milliseconds, "device": "xDrip", **more}


def treatment(time: np.datetime64, what: str, name: str = "", **said: Any) -> dict[str, Any]:
    return {"_id": f"t{name or time}{what}", "eventType": what, "created_at": f"{time}.000Z", **said}


def profile(start: str, zone: str | None, *steps: tuple[str, float], **schedules: Any) -> dict[str, Any]:
    listed = [{"time": time, "value": str(rate), "timeAsSeconds": None} for time, rate in steps]
    default = {"basal": listed, **({"timezone": zone} if zone else {})}
    return {"_id": f"p{start}", "defaultProfile": "Day", "startDate": start, "store": {"Day": default, **schedules}}


def site_of_days(server: NightscoutServer, first: str, days: int, every_minutes: int) -> float:
    """Readings, four boluses and eight SMBs a day; returns the units of bolus."""
    steps = days * 24 * 60 // every_minutes
    times = np.datetime64(first, "s") + np.arange(steps) * np.timedelta64(every_minutes, "m")
    server.entries = [entry(time, 100 + n % 90) for n, time in enumerate(times)]
    hours = np.datetime64(first, "s") + np.arange(days * 4) * np.timedelta64(6, "h")
    server.treatments = [treatment(time, "Meal Bolus", insulin=4.0, carbs=40, enteredBy="A. Wearer") for time in hours]
    for time in hours:
        moments = (time + np.timedelta64(5 * n, "m") for n in (1, 2))
        server.treatments += [treatment(at, "Correction Bolus", type="SMB", insulin=0.35) for at in moments]
    server.profiles = [profile("2020-01-01T00:00:00.000Z", "Europe/Berlin", ("00:00", 0.8), ("06:00", 1.1))]
    return float(len(hours) * 4.7)


def told(
    tmp_path: Path, *treatments: dict[str, Any], profiles: list[dict[str, Any]] | None = None, **site: Any
) -> PumpEvents:
    """What a site with these treatments, and a reading every hour of the day, tells."""
    with NightscoutServer() as server:
        server.treatments, server.profiles = list(treatments), profiles or []
        server.entries = [entry(later(60 * hour), 120) for hour in range(-12, 12)]
        chosen = settings(server, tmp_path, "2024-04-20", **site)
        synced(chosen)
    return read(chosen)


def rates(pump: PumpEvents) -> list[tuple[float, float]]:
    """Minutes after noon, and U/h from then on, where it changes."""
    minutes = (pump.basal.times - NOON) / np.timedelta64(1, "m")
    rate = pump.basal.rate
    changed = np.append(True, (np.diff(rate) != 0) & ~(np.isnan(rate[1:]) & np.isnan(rate[:-1])))
    return [(float(m), float(r)) for m, r in zip(minutes[changed], rate[changed], strict=True)]


FLAT = profile("2020-01-01T00:00:00.000Z", "UTC", ("00:00", 1.0))


# --- syncing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 3])
def test_a_year_arrives_complete_and_becomes_records(version: int, tmp_path: Path) -> None:
    with NightscoutServer(speaks_v3=version == 3, page=300) as server:
        units = site_of_days(server, "2023-02-01T00:00:00", 365, every_minutes=30)
        server.fault = lambda number, _: ALL_FAULTS[number // 7 % len(ALL_FAULTS)] if number % 7 == 0 else None
        chosen = settings(server, tmp_path / "events", "2023-02-01")
        report = synced(chosen)
        assert report.new == report.total == len(server.entries) + len(server.treatments)
        assert {asked.path[:7] for asked in server.asked_of("/entries")} == (
            {"/api/v3"} if version == 3 else {"/api/v1", "/api/v3"}
        )
    pump = read(chosen)
    assert len(pump.glucose) == 365 * 48
    assert pump.bolus.dose.sum() == pytest.approx(units)
    assert not pump.repairs
    (files,) = pump_split_files(chosen, tmp_path / "splits")
    records = [read_split_file(files.files[split]).records for split in Split]
    bolus = sum(float(np.nansum(part.feature(Feature.bolus_dose))) for part in records)
    assert bolus == pytest.approx(units, abs=0.01 * 365)


@pytest.mark.parametrize("version", [1, 3])
def test_a_second_sync_asks_only_for_what_is_new_and_a_little_before(version: int, tmp_path: Path) -> None:
    with NightscoutServer(speaks_v3=version == 3) as server:
        site_of_days(server, "2024-03-01T00:00:00", 40, every_minutes=60)
        everything = list(server.entries), list(server.treatments)
        server.entries = [one for one in server.entries if one["_id"] < "e2024-04-01"]
        server.treatments = [one for one in server.treatments if one["created_at"] < "2024-04-01"]
        chosen = settings(server, tmp_path)
        synced(chosen)
        before = len(server.asked)
        assert synced(chosen).new == 0
        days = [asked.query.get("created_at$gte", asked.query.get("find[created_at][$gte]")) for asked in server.asked]
        assert min(day for day in days[before:] if day) == "2024-03-29T00:00:00.000Z"
        server.entries, server.treatments = everything
        assert synced(chosen).new == sum(len(part) for part in everything) - 31 * (24 + 12)
    assert len(read(chosen).glucose) == 40 * 24


@pytest.mark.parametrize(
    ("owner", "name", "at_least"), [(HTTPAdapter, "send", 8), (os, "replace", 2), (os, "fsync", 2)]
)
def test_killed_anywhere_and_started_again_it_loses_and_doubles_nothing(
    owner: object, name: str, at_least: int, tmp_path: Path
) -> None:
    with NightscoutServer() as server:
        units = site_of_days(server, "2026-09-01T00:00:00", 20, every_minutes=120)
        kills = killed_anywhere(lambda root: synced(settings(server, root, "2026-09-01")), tmp_path, owner, name)
        pump = read(settings(server, tmp_path / "0", "2026-09-01"))
    assert kills >= at_least
    assert len(pump.glucose) == 20 * 12
    assert pump.bolus.dose.sum() == pytest.approx(units)


def test_what_was_changed_lately_is_taken_over_and_what_was_deleted_is_not_counted(tmp_path: Path) -> None:
    with NightscoutServer() as server:
        server.treatments = [
            treatment(NOON, "Meal Bolus", "a", insulin=4.0),
            treatment(later(10), "Meal Bolus", "b", insulin=3.0),
        ]
        chosen = settings(server, tmp_path, "2024-04-20")
        synced(chosen)
        server.treatments[0]["insulin"] = 5.0
        server.treatments[1]["isValid"] = False
        assert synced(chosen).new == 0
    assert read(chosen).bolus.dose.tolist() == [5.0]


def test_a_site_that_is_updated_from_version_1_to_3_doubles_nothing(tmp_path: Path) -> None:
    with NightscoutServer(speaks_v3=False) as server:
        site_of_days(server, "2024-05-01T00:00:00", 2, every_minutes=60)
        server.treatments[0]["identifier"] = "uploaded-by-an-app"
        chosen = settings(server, tmp_path, "2024-04-20")
        first = synced(chosen)
        server.speaks_v3 = True
        assert synced(chosen) == FetchReport("nightscout", 0, first.total, np.datetime64("2024-04-30"), first.last)


def test_more_documents_of_one_time_than_fit_on_a_page_are_told_apart(tmp_path: Path) -> None:
    with NightscoutServer(page=10) as server:
        server.entries = [entry(later(n // 8), 120 + n % 8, str(n), device=f"sensor {n % 8}") for n in range(64)]
        chosen = settings(server, tmp_path, "2024-04-20")
        assert synced(chosen).new == 64


def test_a_session_that_ends_is_renewed(tmp_path: Path) -> None:
    with NightscoutServer() as server:
        site_of_days(server, "2024-03-01T00:00:00", 40, every_minutes=60)
        server.sessions_last = 5
        chosen = settings(server, tmp_path)
        assert synced(chosen).new == 40 * (24 + 12)
        assert server.sessions > 2


# --- being let in ----------------------------------------------------------------------------------------------------


def test_an_api_secret_is_sent_as_its_hash_and_reads_version_1(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BLOODTWIN_NIGHTSCOUT_TOKEN")
    monkeypatch.setenv("BLOODTWIN_NIGHTSCOUT_API_SECRET", API_SECRET)
    with NightscoutServer() as server:
        server.entries = [entry(NOON, 120)]
        assert synced(settings(server, tmp_path)).new == 1
        assert API_SECRET not in str(server.asked)


def test_a_public_site_needs_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BLOODTWIN_NIGHTSCOUT_TOKEN")
    with NightscoutServer(is_public=True) as server:
        server.entries = [entry(NOON, 120)]
        assert synced(settings(server, tmp_path)).new == 1


@pytest.mark.parametrize("variable", ["TOKEN", "API_SECRET", None])
def test_a_site_that_refuses_says_what_to_set(
    variable: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("BLOODTWIN_NIGHTSCOUT_TOKEN")
    if variable:
        monkeypatch.setenv(f"BLOODTWIN_NIGHTSCOUT_{variable}", "wrong")
    with NightscoutServer() as server:
        with pytest.raises(SettingsError, match=r"refuses to be read \(401\)\. Set BLOODTWIN_NIGHTSCOUT_TOKEN"):
            synced(settings(server, tmp_path))
        assert len(server.asked) < 4


def test_two_credentials_are_one_too_many(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BLOODTWIN_NIGHTSCOUT_API_SECRET", API_SECRET)
    with NightscoutServer() as server, pytest.raises(SettingsError, match="are both set"):
        synced(settings(server, tmp_path))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "is not set"),
        ("my-site.example", "is not an address"),
        ("ftp://my-site.example", "is not an address"),
        ("http://my-site.example", "begins with http://, which would send the credentials readable"),
    ],
)
def test_an_address_that_will_not_do_is_refused_before_anything_is_asked(url: str, said: str, tmp_path: Path) -> None:
    chosen = data_settings(source="nightscout", root=str(tmp_path), nightscout=NightscoutSettings(url=url))
    with pytest.raises(SettingsError, match=rf"data\.nightscout\.url {said}"):
        importer.sync(chosen)


@pytest.mark.parametrize("url", ["https://my-site.example/?token=reader-5ecret", "https://5ecret@my-site.example"])
def test_an_address_that_holds_more_is_no_setting_and_is_not_repeated(url: str) -> None:
    with pytest.raises(ValidationError, match="holds more than the site's address") as caught:
        NightscoutSettings(url=url)
    assert "5ecret" not in str(caught.value)


def test_a_redirect_is_not_followed_with_the_credentials(tmp_path: Path) -> None:
    class Moved(NightscoutServer):
        def answer(self, asked: Asked) -> Answer:
            return Answer(301, "", {"Location": f"http://localhost:1{asked.path}"})

    with Moved() as server, pytest.raises(SettingsError, match=r"has moved \(301\)"):
        synced(settings(server, tmp_path))


@pytest.mark.parametrize(("status", "body"), [(200, "<html>asleep</html>"), (200, '{"no": "list"}'), (404, "")])
def test_an_answer_that_makes_no_sense_is_said(status: int, body: str, tmp_path: Path) -> None:
    class Odd(NightscoutServer):
        def answer(self, asked: Asked) -> Answer:
            return Answer(status, body) if "profile" in asked.path else super().answer(asked)

    with Odd() as server, pytest.raises(DataError, match="The Nightscout site answered"):
        synced(settings(server, tmp_path))


def test_no_secret_is_logged_shown_or_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")
    texts: list[str] = []
    for variable, value in (("TOKEN", TOKEN), ("API_SECRET", API_SECRET)):
        monkeypatch.delenv("BLOODTWIN_NIGHTSCOUT_TOKEN", raising=False)
        monkeypatch.setenv(f"BLOODTWIN_NIGHTSCOUT_{variable}", value)
        with NightscoutServer() as server:
            site_of_days(server, "2024-05-01T00:00:00", 3, every_minutes=60)
            synced(settings(server, tmp_path / variable, "2024-04-20"))
            for fault in Fault:
                server.fault = lambda _number, _asked, fault=fault: fault
                with pytest.raises(DataError) as caught:
                    synced(settings(server, tmp_path / variable, "2024-04-20"))
                error: BaseException = caught.value
                texts += [str(error), repr(error.__context__), repr(error.__cause__)]
    texts += [caplog.text, *(content.decode("latin1") for _, content in written(tmp_path))]
    hashed = hashlib.sha1(API_SECRET.encode()).hexdigest()
    assert all(secret not in text for secret in (TOKEN, API_SECRET, "session-", hashed, "A. Wearer") for text in texts)


# --- what the documents say ------------------------------------------------------------------------------------------


def test_readings_are_mg_per_dl_and_error_codes_are_none(tmp_path: Path) -> None:
    with NightscoutServer() as server:
        server.entries = [
            entry(NOON, 120),
            entry(later(5), 9),
            entry(later(10), "131"),
            entry(later(15), 140, type="mbg"),
            entry(later(20), 150, isValid=False),
            {"_id": "cal", "type": "cal", "date": entry(later(25), 1)["date"], "slope": 1},
            entry(later(30), None),
        ]
        chosen = settings(server, tmp_path, "2024-04-20")
        synced(chosen)
    pump = read(chosen)
    assert pump.glucose.times.tolist() == [NOON, later(10)]
    assert pump.glucose.glucose.tolist() == [120, 131]
    assert set(pump.glucose.sensor) == {"xDrip"}
    assert pump.repairs[RepairKind.unreadable_rows] == 1


def test_boluses_of_every_kind_are_counted_once(tmp_path: Path) -> None:
    pump = told(
        tmp_path,
        treatment(NOON, "Meal Bolus", insulin=4.0, carbs=40),
        treatment(later(1), "Correction Bolus", type="SMB", insulin="0.35"),
        treatment(later(2), "SMB", insulin=0.2),
        treatment(later(3), "Carb Correction", carbs=15),
        treatment(later(4), "Bolus", insulin=2.0, type="square", duration=60),
        treatment(later(5), "Combo Bolus", insulin=1.5, relative=2.0, duration=90),
        treatment(later(6), "Combo Bolus", splitNow="0", splitExt="100", enteredinsulin="6", duration=120),
        treatment(later(7), "Snack Bolus", insulin=1.0, isValid=False),
        treatment(later(8), "Correction Bolus", "one app", insulin=0.5),
        treatment(later(8), "Correction Bolus", "another app", insulin=0.5),
        treatment(later(9), "Note", notes="1 U of something", insulin=None),
    )
    found = zip((pump.bolus.times - NOON) / np.timedelta64(1, "m"), pump.bolus.dose, pump.bolus.minutes, strict=True)
    assert sorted((float(a), float(b), float(c)) for a, b, c in found) == [
        (0, 4.0, 0),
        (1, 0.35, 0),
        (2, 0.2, 0),
        (4, 2.0, 60),
        (5, 1.5, 0),
        (5, 3.0, 90),
        (6, 6.0, 120),
        (8, 0.5, 0),
    ]
    assert pump.repairs[RepairKind.repeated_events] == 1


def test_temporary_rates_lie_over_the_profile(tmp_path: Path) -> None:
    pump = told(
        tmp_path,
        treatment(later(0), "Temp Basal", absolute=0, duration=30),
        treatment(later(20), "Temp Basal", rate=2.5, duration=60),
        treatment(later(40), "Temp Basal", duration=0),
        treatment(later(60), "Temp Basal", percent=-40, duration=30),
        treatment(later(100), "Temp Basal", percent=-200, duration=10),
        treatment(later(120), "Temp Basal", absolute=1.5, durationInMilliseconds=600_000),
        profiles=[FLAT],
    )
    assert rates(pump) == [
        (-720, 1.0),
        (0, 0.0),
        (20, 2.5),
        (40, 1.0),
        (60, 0.6),
        (90, 1.0),
        (100, 0.0),
        (110, 1.0),
        (120, 1.5),
        (130, 1.0),
    ]


def test_a_suspension_is_0_until_resumed(tmp_path: Path) -> None:
    pump = told(
        tmp_path,
        treatment(later(-30), "Temp Basal", absolute=2.0, duration=60),
        treatment(later(0), "Suspend Pump"),
        treatment(later(10), "Temp Basal", duration=0),
        treatment(later(45), "Resume Pump"),
        treatment(later(60), "Basal Suspension", duration=15),
        treatment(later(90), "Pump Suspend"),
        treatment(later(120), "Temp Basal", absolute=0.4, duration=30),
        profiles=[FLAT],
    )
    assert rates(pump)[1:] == [
        (-30, 2.0),
        (0, 0.0),
        (45, 1.0),
        (60, 0.0),
        (75, 1.0),
        (90, 0.0),
        (120, 0.4),
        (150, 1.0),
    ]


def test_without_a_profile_only_what_was_said_is_known(tmp_path: Path) -> None:
    said = treatment(NOON, "Temp Basal", absolute=2.0, duration=30)
    for site, profiles in ((tmp_path / "none", []), (tmp_path / "off", [FLAT])):
        pump = told(site, said, profiles=profiles, profile_basal=not profiles)
        assert [rate for _, rate in rates(pump) if not np.isnan(rate)] == [2.0]


def test_profiles_follow_each_other_and_switches_last_as_long_as_they_say(tmp_path: Path) -> None:
    night = {"basal": [{"time": "00:00", "value": 0.3}], "timezone": "UTC"}
    brought = '{"basal": [{"time": "00:00", "value": 0.7}], "timezone": "utc"}'
    pump = told(
        tmp_path,
        treatment(later(-60), "Profile Switch", profile="Night", duration=30),
        treatment(later(60), "Profile Switch", profile="Sport@@@@@1", profileJson=brought),
        treatment(
            later(120),
            "Profile Switch",
            profile="Day",
            CircadianPercentageProfile=True,
            percentage=150,
            timeshift=0,
            duration=30,
        ),
        treatment(later(170), "Profile Switch", profile="a name that the site does not know"),
        profiles=[
            profile("2024-05-01T14:30:00.000Z", "UTC", ("00:00", 2.0)),
            profile("2024-05-01T02:00:00.000Z", "UTC", ("00:00", 1.0), Night=night),
        ],
    )
    assert rates(pump)[1:] == [
        (-600, 1.0),
        (-60, 0.3),
        (-30, 1.0),
        (60, 0.7),
        (120, 1.5),
        (150, 2.0),
    ]
    assert np.isnan(rates(pump)[0][1])


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        # Berlin, 2024-03-31: 02:00 becomes 03:00, and what begins at 02:30 begins then, at 01:00 UTC.
        ("2024-03-30T23:00:00", [("30T23", 0.5), ("31T01", 0.9), ("31T22", 0.5), ("01T00:30", 0.9)]),
        # Berlin, 2024-10-27: 03:00 becomes 02:00, and the half hour before 02:30 comes again.
        (
            "2024-10-26T22:00:00",
            [("26T22", 0.5), ("27T00:30", 0.9), ("27T01", 0.5), ("27T01:30", 0.9), ("27T23", 0.5)],
        ),
    ],
)
def test_profiles_keep_to_the_clock_when_daylight_saving_changes(
    first: str, expected: list[tuple[str, float]], tmp_path: Path
) -> None:
    begin = np.datetime64(first, "s")
    with NightscoutServer() as server:
        server.entries = [entry(begin + np.timedelta64(hour, "h"), 120) for hour in range(28)]
        server.profiles = [profile("2020-01-01T00:00:00.000Z", "EUROPE/Berlin", ("00:00", 0.5), ("02:30", 0.9))]
        chosen = settings(server, tmp_path, first[:10])
        synced(chosen)
    basal = read(chosen).basal
    found = [(str(time)[8:], rate) for time, rate in zip(basal.times, basal.rate, strict=True) if not np.isnan(rate)]
    assert [(time[: len(stated)], rate) for (time, rate), (stated, _) in zip(found, expected, strict=True)] == expected


def test_a_profile_without_a_zone_needs_one_in_the_settings(tmp_path: Path) -> None:
    zoneless = profile("2020-01-01T00:00:00.000Z", None, ("00:00", 0.5))
    with pytest.raises(SettingsError, match=r"data\.nightscout\.time_zone is not set.* one of which names none"):
        told(tmp_path, profiles=[zoneless])
    assert rates(told(tmp_path, profiles=[zoneless], time_zone="Asia/Tokyo"))[0][1] == 0.5


def test_basal_is_unknown_while_the_site_is_silent(tmp_path: Path) -> None:
    with NightscoutServer() as server:
        server.entries = [entry(NOON, 120), entry(later(60), 120), entry(later(60 * 30), 120)]
        server.profiles = [FLAT]
        chosen = settings(server, tmp_path, "2024-04-20")
        synced(chosen)
    known = [(minutes, not np.isnan(rate)) for minutes, rate in rates(read(chosen))]
    assert known == [(0, True), (60 + 25 * 60, False), (60 * 30, True)]


def test_a_temporary_rate_that_still_runs_puts_nothing_into_the_future(tmp_path: Path) -> None:
    pump = told(tmp_path, treatment(later(11 * 60 - 5), "Temp Basal", absolute=2.0, duration=120), profiles=[FLAT])
    assert rates(pump)[-1] == (11 * 60 - 5, 2.0)
    assert pump.basal.times[-1] <= later(11 * 60)


# --- what cannot be understood ---------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats() | st.text(max_size=6),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=6), children, max_size=3),
    max_leaves=6,
)
NAMES = (
    "_id identifier date created_at eventType insulin duration absolute percent sgv type splitExt enteredinsulin "
    "relative profile profileJson store basal startDate isValid"
)
FIELDS = st.sampled_from(NAMES.split())
GOOD = st.sampled_from(
    [
        treatment(NOON, "Temp Basal", absolute=1.0, duration=30),
        treatment(NOON, "Combo Bolus", insulin=1.0, relative=1.0, duration=30),
        treatment(NOON, "Profile Switch", profile="Day"),
        entry(NOON, 120),
        FLAT,
    ]
)


@hypothesis_settings(max_examples=300, deadline=None)
@given(GOOD, st.dictionaries(FIELDS, JSON, max_size=4))
def test_whatever_a_document_holds_it_is_understood_or_counted(good: dict[str, Any], changes: dict[str, Any]) -> None:
    document = {**good, **changes}
    for rows in (entry_rows([document]), treatment_rows([document], "UTC"), profile_rows([document], "UTC")):
        assert rows
        for row in rows:
            assert row.minutes >= 0
            assert np.isfinite(row.minutes)
            assert np.isfinite(row.value) or row.kind == "unreadable"
            assert row.value >= 0 or row.kind in ("temp_per_cent", "unreadable")
