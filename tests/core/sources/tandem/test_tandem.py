"""Tandem Source through tconnectsync, against a server on the loopback interface that speaks as the cloud does."""

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

pytest.importorskip("tconnectsync", reason="the extra `tandem` is not installed")

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.sources import FetchSettings
from bloodtwin_core.events.compared_totals import compared_totals
from bloodtwin_core.events.insulin import delivery_ends
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.events.stated_totals import TotalOf
from bloodtwin_core.records import Feature, Split
from bloodtwin_core.records.split_files import read_split_file
from bloodtwin_core.sources.fetching import FetchReport
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.sources.splits import pump_split_files
from bloodtwin_core.sources.tandem import TandemRegion, TandemSettings, importer
from bloodtwin_core.sources.tandem.rows import rows_of
from tests.core.sources.killing import killed_anywhere, written
from tests.core.sources.servers.loopback import Asked, Fault
from tests.core.sources.servers.tandem import EMAIL, PASSWORD, Pump, TandemServer
from tests.core.sources.servers.tandem_log import History, LogWriter, at, history

ALL_FAULTS = list(Fault)


@pytest.fixture(autouse=True)
def no_other_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither those of whoever runs the tests, nor the library's own files in their home."""
    for name in ("EMAIL", "PASSWORD", "EMAIL_FILE", "PASSWORD_FILE"):
        monkeypatch.delenv(f"BLOODTWIN_TANDEM_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def days() -> History:
    """Seventy days of a pump, which are three or four windows, with a reading and a bolus every eight hours."""
    return history("2024-01-10T00:00:00", 70, every_minutes=480)


def settings(root: Path, zone: str = "UTC", **changes: object) -> DataSettings:
    quick = FetchSettings(attempts=4, first_wait_seconds=0.0, timeout_seconds=10)
    given = {"fetch": quick, "tandem": TandemSettings(time_zone=zone), **changes}
    return data_settings(source="tandem", root=str(root), **given)


def synced(server: TandemServer, monkeypatch: pytest.MonkeyPatch, chosen: DataSettings) -> FetchReport:
    server.lend_to(monkeypatch)
    (report,) = importer.sync(chosen)
    return report


def read(chosen: DataSettings) -> PumpEvents:
    (pump,) = importer.events(chosen)
    return pump


def told(log: LogWriter, monkeypatch: pytest.MonkeyPatch, root: Path, zone: str = "UTC") -> PumpEvents:
    """What a pump's log tells after one sync."""
    with TandemServer([Pump(events=log.events)]) as server:
        synced(server, monkeypatch, settings(root, zone))
    return read(settings(root, zone))


def units(pump: PumpEvents) -> float:
    return float(pump.bolus.dose.sum())


def require_complete(pump: PumpEvents, made: History) -> None:
    assert len(pump.glucose) == made.readings
    assert units(pump) == pytest.approx(made.bolus, abs=1e-6)
    log_end = max(pump.basal.times[-1], delivery_ends(pump.bolus).max())
    hours = np.diff(pump.basal.times, append=log_end) / np.timedelta64(1, "h")
    held = np.nansum(pump.basal.rate * hours)
    assert held == pytest.approx(made.basal, abs=3.0)


# --- syncing ---------------------------------------------------------------------------------------------------------


def test_a_year_of_one_pump_arrives_complete_and_becomes_records(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    year = history("2023-02-01T00:00:00", 365, every_minutes=30, boluses_a_day=4)
    chosen = settings(tmp_path / "events")
    with TandemServer([Pump(events=year.events)]) as server:
        server.shuffled = True
        server.fault = lambda number, _: ALL_FAULTS[number // 5 % len(ALL_FAULTS)] if number % 5 == 0 else None
        report = synced(server, monkeypatch, chosen)
        assert report.new == report.total > 365 * 48 * 2
    pump = read(chosen)
    require_complete(pump, year)
    assert not pump.repairs
    assert set(pump.glucose.sensor) == {"Dexcom G6", "Dexcom G7"}
    assert len(pump.bolus) == year.boluses + year.boluses // 7
    (files,) = pump_split_files(chosen, tmp_path / "splits")
    records = [read_split_file(files.files[split]).records for split in Split]
    bolus = sum(float(np.nansum(part.feature(Feature.bolus_dose))) for part in records)
    assert bolus == pytest.approx(year.bolus, abs=0.01 * 365)


def test_a_second_sync_asks_only_for_what_is_new_and_a_little_before(
    days: History, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    times = [event["pumpDateTime"] for event in days.events]
    uploaded = [event for event in days.events if event["pumpDateTime"] < "2024-03-10"]
    chosen = settings(tmp_path)
    with TandemServer([Pump(events=list(uploaded))]) as server:
        first = synced(server, monkeypatch, chosen)
        assert first.new == len(uploaded)
        asked = len(server.windows_asked)
        again = synced(server, monkeypatch, chosen)
        assert again.new == 0
        assert server.windows_asked[asked:] == [("2024-03-07", "2024-03-10")]
        next(iter(server.pumps.values())).events[:] = days.events
        asked = len(server.windows_asked)
        more = synced(server, monkeypatch, chosen)
        assert more.new == len(days.events) - len(uploaded)
        assert server.windows_asked[asked:][0][0] == "2024-03-07"
        assert server.windows_asked[-1][1] > max(times)[:10]
    require_complete(read(chosen), days)


@pytest.mark.parametrize(
    ("owner", "name", "at_least"), [(HTTPAdapter, "send", 8), (os, "replace", 3), (os, "fsync", 3)]
)
def test_killed_anywhere_and_started_again_it_loses_and_doubles_nothing(
    owner: object, name: str, at_least: int, days: History, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with TandemServer([Pump(events=days.events)]) as server:
        server.shuffled = True
        kills = killed_anywhere(lambda root: synced(server, monkeypatch, settings(root)), tmp_path, owner, name)
    assert kills >= at_least
    require_complete(read(settings(tmp_path / "0")), days)


def test_a_sync_that_breaks_keeps_what_it_has_and_says_so(
    days: History, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chosen = settings(tmp_path)
    with TandemServer([Pump(events=days.events)]) as server:
        server.fault = lambda _, asked: Fault.broken if "2024-03" in asked.query.get("startDate", "") else None
        with pytest.raises(DataError, match=r"^Tandem Source could not be reached: it answered 500 .* so far is kept"):
            synced(server, monkeypatch, chosen)
        kept = read(chosen)
        assert 0 < len(kept.glucose) < days.readings
        server.fault = lambda _number, _: None
        asked = len(server.windows_asked)
        synced(server, monkeypatch, chosen)
        assert server.windows_asked[asked][0] > "2024-02-01"
    require_complete(read(chosen), days)


def test_an_expired_session_is_renewed(days: History, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with TandemServer([Pump(events=days.events)], tokens_last=2) as server:
        synced(server, monkeypatch, settings(tmp_path))
        assert server.logins > 1
    require_complete(read(settings(tmp_path)), days)


def test_empty_windows_are_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = LogWriter()
    for time in ("2023-01-01T10:00:00", "2023-12-01T10:00:00"):
        log.glucose(at(time), 120)
    with TandemServer([Pump(events=log.events)]) as server:
        assert synced(server, monkeypatch, settings(tmp_path)).new == 2
        assert len(server.windows_asked) > 10
    assert read(settings(tmp_path)).glucose.times.tolist() == [at("2023-01-01T10:00:00"), at("2023-12-01T10:00:00")]


def test_all_pumps_of_the_account_are_fetched_or_those_that_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    one, two = LogWriter(), LogWriter()
    one.glucose(at("2024-01-10T00:00:00"), 110)
    two.glucose(at("2024-05-10T00:00:00"), 150)
    pumps = [Pump("881235", one.events), Pump("901161", two.events, "Mobi"), Pump("700000")]
    with TandemServer(pumps) as server:
        server.lend_to(monkeypatch)
        reports = importer.sync(settings(tmp_path / "all"))
        assert [report.pump_id for report in reports] == ["881235", "901161", "700000"]
        assert [report.new for report in importer.sync(settings(tmp_path / "one", pump_ids=["901161"]))] == [1]
        with pytest.raises(DataError, match="pump 5 is not in the account; there are 881235, 901161, 700000"):
            importer.sync(settings(tmp_path / "none", pump_ids=["5"]))
    assert "Pump 700000 (t:slim X2) was never uploaded; it has no events yet" in caplog.messages
    assert [pump.pump_id for pump in importer.events(settings(tmp_path / "all"))] == ["881235", "901161"]
    with pytest.raises(DataError, match=r"no events of pump 881235 have been fetched, only of 901161"):
        importer.events(settings(tmp_path / "one", pump_ids=["881235"]))


def test_the_region_decides_whom_to_ask(days: History, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen = settings(tmp_path, tandem=TandemSettings(region=TandemRegion.EU, time_zone="Europe/Berlin"))
    with TandemServer([Pump(events=days.events)]) as server:
        server.lend_to(monkeypatch, region="EU")
        importer.sync(chosen)
        assert server.logins == 1


def test_since_is_the_first_day_asked_for(days: History, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fetch = FetchSettings(since="2024-03-01", first_wait_seconds=0.0)
    with TandemServer([Pump(events=days.events)]) as server:
        synced(server, monkeypatch, settings(tmp_path, fetch=fetch))
        assert server.windows_asked[0][0] == "2024-03-01"


@pytest.mark.parametrize("day", ["2024-13-01", "yesterday", "20240301T00"])
def test_a_day_that_is_none_is_refused(day: str) -> None:
    with pytest.raises(ValueError, match=f"'{day}' is not a day; write it as 2024-03-01"):
        FetchSettings(since=day)


# --- what can be mended ----------------------------------------------------------------------------------------------


def test_a_wrong_password_is_said_at_once_and_not_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with TandemServer([Pump()]) as server:
        server.lend_to(monkeypatch)
        monkeypatch.setenv("BLOODTWIN_TANDEM_PASSWORD", "wrong")
        with pytest.raises(SettingsError, match=r"Tandem Source refused the e-mail address or the password \(401\)"):
            importer.sync(settings(tmp_path))
        assert len(server.asked_of("/login")) == 1


@pytest.mark.parametrize("missing", ["EMAIL", "PASSWORD"])
def test_missing_credentials_are_named_before_anything_is_asked(
    missing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with TandemServer([Pump()]) as server:
        server.lend_to(monkeypatch)
        monkeypatch.delenv(f"BLOODTWIN_TANDEM_{missing}")
        with pytest.raises(SettingsError, match=f"Set BLOODTWIN_TANDEM_{missing}"):
            importer.sync(settings(tmp_path))
        assert server.asked == []


def test_settings_that_are_missing_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"data\.root is not set"):
        importer.sync(DataSettings(source="tandem"))
    with pytest.raises(SettingsError, match=r"data\.tandem\.time_zone is not set"):
        importer.sync(settings(tmp_path, ""))
    with pytest.raises(SettingsError, match=r"data\.tandem\.time_zone 'Berlin' is no time zone"):
        importer.events(settings(tmp_path, "Berlin"))
    with pytest.raises(DataError, match="no events have been fetched from tandem yet"):
        importer.events(settings(tmp_path))


@pytest.mark.parametrize("body", ["<html>maintenance</html>", "[]", '{"pumps": [{}]}', "null"])
def test_an_answer_that_makes_no_sense_is_said(body: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Odd(TandemServer):
        def answer(self, asked: Asked):  # type: ignore[no-untyped-def]
            from tests.core.sources.servers.loopback import Answer

            return Answer(body=body) if "pumper" in asked.path else super().answer(asked)

    with Odd([Pump()]) as server:
        server.lend_to(monkeypatch)
        with pytest.raises(
            DataError, match="answered the list of pumps in a way that tconnectsync does not understand"
        ):
            importer.sync(settings(tmp_path))


def test_no_secret_is_logged_shown_or_kept(
    days: History, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also with every logger at its most talkative, and where the server itself repeats what it was told."""
    caplog.set_level(logging.DEBUG)
    for name in ("tconnectsync", "urllib3", "requests_oauthlib"):
        caplog.set_level(logging.DEBUG, logger=name)
    errors: list[BaseException] = []
    with TandemServer([Pump(events=days.events)], tokens_last=3) as server:
        synced(server, monkeypatch, settings(tmp_path / "events"))
        server.tokens_last = 0
        monkeypatch.setenv("BLOODTWIN_TANDEM_PASSWORD", PASSWORD)
        errors.append(raised_by(settings(tmp_path / "more")))
        monkeypatch.setenv("BLOODTWIN_TANDEM_PASSWORD", PASSWORD + "x")
        errors.append(raised_by(settings(tmp_path / "more")))
    secrets = (PASSWORD, EMAIL, "access-token-", "code-0", "A. Wearer")
    texts = [caplog.text, *(str(file.read_bytes()) for file in tmp_path.rglob("*") if file.is_file())]
    texts += [text for error in errors for text in (str(error), repr(error.__context__), repr(error.__cause__))]
    texts += [str(read(settings(tmp_path / "events")).repairs)]
    assert all(secret not in text for secret in secrets for text in texts)
    assert not (tmp_path / "home").exists()


# --- what the log says -----------------------------------------------------------------------------------------------

NOON = at("2024-05-01T12:00:00")


def later(minutes: float) -> np.datetime64:
    return NOON + np.timedelta64(round(minutes * 60), "s")


@pytest.mark.parametrize("sensor", ["Dexcom G6", "Dexcom G7", "Libre 2", "Libre 3"])
def test_every_sensor_is_read(sensor: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = LogWriter()
    log.glucose(NOON, 123, sensor)
    log.glucose(later(5), 0, sensor, status=1)
    log.glucose(later(10), 0, sensor, status=2)
    log.glucose(later(20), 130, sensor, late_minutes=45)
    log.glucose(later(25), 0, sensor)
    if sensor == "Dexcom G7":
        log.glucose(later(30), 140, sensor, status=6)
    glucose = told(log, monkeypatch, tmp_path).glucose
    assert glucose.glucose.tolist() == [123, 401, 39, 130]
    assert glucose.times.tolist() == [NOON, later(5), later(10), later(20)]
    assert set(glucose.sensor) == {sensor}


def rates(pump: PumpEvents) -> list[tuple[float, float]]:
    """Minutes after noon, and U/h from then on."""
    minutes = (pump.basal.times - NOON) / np.timedelta64(1, "m")
    return [(float(m), float(r)) for m, r in zip(minutes, pump.basal.rate, strict=True) if not np.isnan(r)]


def test_basal_comes_from_delivery_and_rate_changes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = LogWriter()
    log.rate_change(NOON, 0.8)
    log.delivery(later(5), 0.95, source=3)
    log.rate_change(later(7), 1.2)
    pump = told(log, monkeypatch, tmp_path)
    assert rates(pump) == [(0, 0.8), (5, 0.95), (7, 1.2)]


def test_a_suspension_is_0_until_resumed_whatever_the_profile_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = LogWriter()
    log.rate_change(NOON, 0.8)
    log.suspend(later(10))
    log.rate_change(later(10), 0.0, why=4)
    log.delivery(later(15), 0.0, source=0)
    log.rate_change(later(20), 1.1)
    log.resume(later(30))
    assert rates(told(log, monkeypatch, tmp_path)) == [(0, 0.8), (10, 0.0), (15, 0.0), (20, 0.0), (30, 1.1)]


def test_resumed_by_its_rate_change_or_by_delivery_where_the_line_is_lost(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = LogWriter()
    log.rate_change(NOON, 0.8)
    log.suspend(later(10))
    log.delivery(later(20), 0.7, source=1)
    log.suspend(later(30))
    log.rate_change(later(40), 0.6, why=5)
    assert rates(told(log, monkeypatch, tmp_path)) == [(0, 0.8), (10, 0.0), (20, 0.7), (30, 0.0), (40, 0.6)]


def test_basal_is_unknown_while_the_log_is_silent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = LogWriter()
    log.rate_change(NOON, 0.8)
    log.glucose(later(60), 120)
    log.rate_change(later(60 * 30), 0.9)
    basal = told(log, monkeypatch, tmp_path).basal
    assert [str(time)[8:16] for time in basal.times] == ["01T12:00", "02T14:00", "02T18:00"]
    np.testing.assert_array_equal(basal.rate, [0.8, np.nan, 0.9])


def test_boluses_are_counted_once_as_delivered_not_as_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = LogWriter()
    log.bolus(NOON, 1, 2.5)
    log.bolus(later(60), 2, 0.0466, asked=0.5)
    log.bolus(later(90), 3, 0.0, asked=0.5)
    bolus = told(log, monkeypatch, tmp_path).bolus
    assert bolus.times.tolist() == [NOON, later(60)]
    assert bolus.dose.tolist() == [2.5, 0.0466]
    assert bolus.minutes.tolist() == [0, 0]


def test_an_extended_bolus_is_spread_until_it_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = LogWriter()
    log.extended(NOON, 7, at_once=2.0, over_time=4.5, asked_minutes=180, took_minutes=135)
    bolus = told(log, monkeypatch, tmp_path).bolus
    assert bolus.times.tolist() == [NOON, NOON]
    assert sorted(zip(bolus.dose.tolist(), bolus.minutes.tolist(), strict=True)) == [(2.0, 0.0), (4.5, 135.0)]


def test_an_extended_bolus_still_running_counts_what_came_so_far_and_then_the_rest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = LogWriter()
    log.extended(NOON, 7, at_once=2.0, over_time=3.0, asked_minutes=180, took_minutes=90, is_finished=False)
    with TandemServer([Pump(events=log.events)]) as server:
        synced(server, monkeypatch, settings(tmp_path))
        running = read(settings(tmp_path)).bolus
        assert sorted(zip(running.dose.round(3), running.minutes, strict=True)) == [(2.0, 0.0), (3.0, 90.0)]
        log.completed(later(180), 7, 6.0, 6.0, code=21)
        synced(server, monkeypatch, settings(tmp_path))
    done = read(settings(tmp_path)).bolus
    assert sorted(zip(done.dose, done.minutes, strict=True)) == [(2.0, 0.0), (6.0, 180.0)]


def test_a_bolus_whose_completion_is_lost_is_counted_as_delivered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = LogWriter()
    log.bolus(NOON, 1, 2.5)
    log.events = [event for event in log.events if event["eventCode"] != 20]
    assert told(log, monkeypatch, tmp_path).bolus.dose.tolist() == [2.5]


def test_a_number_that_comes_again_days_later_is_another_bolus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = LogWriter()
    log.bolus(NOON, 1, 2.5)
    log.bolus(later(3 * 24 * 60), 1, 1.5)
    assert told(log, monkeypatch, tmp_path).bolus.dose.tolist() == [2.5, 1.5]


# --- the pump's clock ------------------------------------------------------------------------------------------------


def hourly(log: LogWriter, first: str, last: str, minutes: int = 60) -> list[np.datetime64]:
    times = list(np.arange(at(first), at(last), np.timedelta64(minutes, "m")))
    for time in times:
        log.glucose(time, 120)
    return times


def test_daylight_saving_that_was_set_late_is_taken_as_it_was_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Berlin changes on 2024-03-31 and 2024-10-27; the wearer sets the pump three days later and one day before."""
    log = LogWriter(offset_hours=1)
    times = hourly(log, "2024-02-01T00:00:00", "2024-04-03T00:00:00")
    log.set_clock(at("2024-04-03T00:00:00"), 2)
    times += hourly(log, "2024-04-03T00:00:00", "2024-10-26T00:00:00")
    log.set_clock(at("2024-10-26T00:00:00"), 1)
    times += hourly(log, "2024-10-26T00:00:00", "2024-12-01T00:00:00")
    pump = told(log, monkeypatch, tmp_path, "Europe/Berlin")
    assert pump.glucose.times.tolist() == [time.item() for time in times]
    assert pump.repairs[RepairKind.clock_set_back] == 1
    assert 0 < pump.repairs[RepairKind.clock_shifted_events] < 24 * 5


def test_a_journey_and_a_clock_set_wrong_for_a_while(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = LogWriter(offset_hours=-5)
    times = hourly(log, "2024-01-01T00:00:00", "2024-02-01T00:00:00")
    for begin, end, offset in (("02-01", "02-08", 9), ("02-08", "02-09", -5 + 24 * 3), ("02-09", "02-20", -5)):
        log.set_clock(at(f"2024-{begin}T00:00:00"), offset)
        times += hourly(log, f"2024-{begin}T00:00:00", f"2024-{end}T00:00:00")
    assert told(log, monkeypatch, tmp_path, "America/New_York").glucose.times.tolist() == [t.item() for t in times]


def test_small_settings_that_mend_drift_do_not_add_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = LogWriter(offset_hours=0)
    times: list[np.datetime64] = []
    for month in range(1, 9):
        times += hourly(log, f"2024-0{month}-01T00:00:00", f"2024-0{month}-03T00:00:00")
        log.set_clock(times[-1] + np.timedelta64(5, "m"), log.offset_hours + 0.1)
        log.offset_hours -= 0.1
    assert told(log, monkeypatch, tmp_path).glucose.times.tolist() == [time.item() for time in times]


def test_a_clock_never_set_shows_legal_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Some pumps follow the telephone: an hour that occurs twice is told apart by the order of the log."""
    log = LogWriter(offset_hours=2)
    times = hourly(log, "2024-10-26T00:00:00", "2024-10-27T01:00:00", 5)
    log.offset_hours = 1
    times += hourly(log, "2024-10-27T01:00:00", "2024-10-28T00:00:00", 5)
    pump = told(log, monkeypatch, tmp_path, "Europe/Berlin")
    assert pump.glucose.times.tolist() == [time.item() for time in times]


def test_a_pump_clock_far_ahead_does_not_keep_the_next_sync_from_asking(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = LogWriter()
    log.rate_change(NOON, 0.8)
    log.set_clock(later(5), 24 * 20)
    log.rate_change(later(10), 0.9)
    log.set_clock(later(15), 0)
    log.rate_change(later(20), 1.0)
    with TandemServer([Pump(events=log.events)]) as server:
        synced(server, monkeypatch, settings(tmp_path))
        log.rate_change(later(60 * 24), 1.1)
        assert synced(server, monkeypatch, settings(tmp_path)).new == 1
    assert [rate for _, rate in rates(read(settings(tmp_path)))] == [0.8, 0.9, 1.0, 1.1]


# --- what cannot be understood ---------------------------------------------------------------------------------------


def test_a_line_that_cannot_be_understood_is_left_out_and_counted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = LogWriter()
    log.glucose(NOON, 120)
    for properties in ({}, {"commandedRate": None}, {"commandedRate": "much"}, {"commandedRate": float("inf")}):
        log.write(279, later(5), **properties)
    log.write(20, later(6), bolusId=1, insulinDelivered=-3.0, completionStatus=3)
    log.write(20, later(6), bolusId="one", insulinDelivered=2.5, completionStatus=3)
    log.write(9999, later(7), anything=[1, 2])
    pump = told(log, monkeypatch, tmp_path)
    assert len(pump) == 1
    assert pump.repairs.named == {
        (RepairKind.unreadable_rows, "basal delivery"): 4.0,
        (RepairKind.unreadable_rows, "bolus completed"): 2.0,
        (RepairKind.unreadable_units, "bolus completed"): 2.5,
    }


JSON = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.lists(st.integers(), max_size=3)
)
TYPICAL = history("2024-05-01T00:00:00", 1, every_minutes=240).events


@hypothesis_settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(TYPICAL),
    st.dictionaries(st.sampled_from(sorted({name for event in TYPICAL for name in event["eventProperties"]})), JSON),
    st.dictionaries(st.sampled_from(sorted(TYPICAL[0])), JSON, max_size=2),
)
@example(TYPICAL[0], {}, {"sequenceNumber": float("inf")})
@example(TYPICAL[0], {"egvInfoBitmask": [2**36]}, {})
@example(TYPICAL[0], {}, {"pumpDateTime": -67768040609740805})
def test_whatever_a_line_holds_it_is_understood_or_counted(
    good: dict[str, Any], properties: dict[str, Any], outside: dict[str, Any]
) -> None:
    event = {**good, "eventProperties": {**good["eventProperties"], **properties}, **outside}
    for row in rows_of([event]):
        assert row.kind == "unreadable" or (np.isfinite(row.value) and row.value >= 0 and row.minutes >= 0)
        assert not np.isnat(row.time)


SYNC = """
import sys
from tconnectsync.api.tandemsource import TandemSourceApi
from bloodtwin_core.config.sources import FetchSettings
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.sources.tandem import TandemSettings, importer

url, root = sys.argv[1:]
TandemSourceApi.LOGIN_PAGE_URL = f"{url}/"
TandemSourceApi._US_URLS = eval(sys.stdin.read())
fetch, zone = FetchSettings(first_wait_seconds=0.0), TandemSettings(time_zone="UTC")
importer.sync(data_settings(source="tandem", root=root, fetch=fetch, tandem=zone))
"""


def test_a_process_that_is_killed_leaves_nothing_half_done(
    days: History, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Killed by the system at its second window, and again at a later one; the third sync finishes."""
    with TandemServer([Pump(events=days.events)]) as server:
        synced(server, monkeypatch, settings(tmp_path / "whole"))
        for window in (2, 3):
            before = len(server.windows_asked)
            process = subprocess.Popen(
                [sys.executable, "-c", SYNC, server.url, str(tmp_path / "broken")], stdin=subprocess.PIPE, text=True
            )

            def kill(_number: int, _asked: Asked, goal: int = before + window, victim: int = process.pid) -> None:
                if len(server.windows_asked) == goal:
                    os.kill(victim, signal.SIGKILL)

            server.before = kill
            process.communicate(str(server.urls), timeout=120)
            assert process.returncode == -signal.SIGKILL
        server.before = lambda _number, _asked: None
        synced(server, monkeypatch, settings(tmp_path / "broken"))
    assert written(tmp_path / "broken") == written(tmp_path / "whole")


def raised_by(chosen: DataSettings) -> BaseException:
    with pytest.raises((DataError, SettingsError)) as caught:
        importer.sync(chosen)
    return caught.value


# --- what the log itself says was delivered --------------------------------------------------------------------------


def days_of_deliveries(log: LogWriter, rate: float, days: int = 3) -> None:
    """A delivery every five minutes, and every hour what the pump has given since its own midnight."""
    since_midnight = 0.0
    for step in range(days * 288):
        time = at("2024-01-10T00:00") + np.timedelta64(5 * step, "m")
        if log.shown(time) == log.shown(time).astype("datetime64[D]"):
            since_midnight = 0.0
        if step % 12 == 0 and since_midnight:
            log.daily_basal(time, since_midnight)
        log.delivery(time, rate)
        log.glucose(time, 100 + step % 40)
        since_midnight += rate / 12


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_the_days_basal_of_the_log_is_held_against_what_was_imported(
    zone: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = LogWriter(offset_hours=0 if zone == "UTC" else 1)
    days_of_deliveries(log, rate=1.2)
    pump = told(log, monkeypatch, tmp_path, zone)
    compared = [total for total in compared_totals(pump).totals if total.comparable]
    assert len(compared) == 3 if zone == "UTC" else len(compared) >= 2
    assert all(total.kind is TotalOf.basal for total in compared)
    assert [total.stated for total in compared] == pytest.approx([total.imported for total in compared], abs=0.01)
    assert not any(week.differs for week in compared_totals(pump).weeks())


def test_deliveries_that_are_missing_show_against_the_days_basal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = LogWriter()
    days_of_deliveries(log, rate=1.2)
    for event in log.events:
        if event["eventCode"] == 279:
            event["eventProperties"]["commandedRate"] = 700
    (week,) = compared_totals(told(log, monkeypatch, tmp_path)).weeks()
    assert week.differs
    assert week.share == pytest.approx(-5 / 12, abs=0.01)


def test_a_day_in_which_the_clock_was_set_states_no_basal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = LogWriter()
    days_of_deliveries(log, rate=1.2, days=1)
    log.set_clock(at("2024-01-11T12:00"), 2)
    log.daily_basal(at("2024-01-11T14:00"), 15.0)
    assert [str(start)[:10] for start in told(log, monkeypatch, tmp_path).stated.starts] == ["2024-01-10"]
