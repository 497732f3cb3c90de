"""Basal of a Nightscout site, in the dialect of every app: temporary rates, suspensions, profiles and switches."""

from typing import Any

import numpy as np
import pytest

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.records import Feature
from tests.core.sources.nightscout.documents import (
    FLAT,
    NOON,
    at,
    brought,
    milliseconds,
    profile,
    rates,
    reading,
    status,
    told,
    treatment,
)

TWO = profile((0, 0.9), (14, 2.0))
"""0.9 U/h, and 2.0 from 14:00 UTC on."""

# --- temporary rates -------------------------------------------------------------------------------------------------

OREF0_30 = {
    "duration": 120,
    "percent": "30",
    "rate": 30,
    "raw_rate": {"_type": "TempBasal", "temp": "percent", "rate": 30},
    "enteredBy": "openaps://medtronic/754",
}


@pytest.mark.parametrize(
    ("said", "rate"),
    [
        (OREF0_30, 0.3),
        # A site throws away a percent of 0, and keeps the rate of 0, which is no rate in U/h.
        ({**OREF0_30, "percent": None, "rate": 0, "raw_rate": {"temp": "percent", "rate": 0}}, 0.0),
        ({**OREF0_30, "percent": 150, "rate": 150, "raw_rate": None}, 1.5),
        ({"duration": 120, "percent": "130", "enteredBy": "openaps://medtronic/723"}, 1.3),
        ({"duration": 120, "temp": "percentage", "rate": 80, "enteredBy": "loop://phone"}, 0.8),
        ({"duration": 120, "temp": "percent", "rate": 0}, 0.0),
        ({"duration": 120, "percent": -40}, 0.6),
        ({"duration": 120, "percent": "+50"}, 1.5),
        ({"durationInMilliseconds": 7_200_000, "duration": 120, "percent": -70, "rate": 0.3, "app": "AAPS"}, 0.3),
        ({"duration": 120, "percent": -30, "rate": 70, "app": "AAPS"}, 0.7),
        ({"duration": 120, "rate": 130, "enteredBy": "openaps://AndroidAPS"}, 1.3),
        ({"duration": 120, "temp": "absolute", "rate": 1.85, "absolute": 1.85, "automatic": True}, 1.85),
        ({"duration": 120, "absolute": "1,85"}, 1.85),
        ({"duration": 120, "absolute": 0, "percent": 25}, 0.0),
        # A site throws away a percent of 0.
        ({"duration": 120, "enteredBy": "openaps://AndroidAPS"}, 1.0),
    ],
)
def test_a_temporary_rate_is_in_units_or_in_per_cent_of_the_profile(said: dict[str, Any], rate: float) -> None:
    changed = [(0, rate), (120, 1.0)] if rate != 1.0 else [(0, 1.0)]
    assert rates(told(treatment(0, "Temp Basal", **said))) == changed


def test_a_percentage_follows_the_profile_and_is_not_what_it_came_to_when_it_began() -> None:
    aaps_3 = treatment(60, "Temp Basal", duration=120, percent=-50, rate=0.45, app="AAPS")
    assert rates(told(aaps_3, profiles=(TWO,))) == [(0, 0.9), (60, 0.45), (120, 1.0), (180, 2.0)]


def test_where_no_profile_is_known_a_percentage_is_what_it_came_to() -> None:
    aaps_3 = treatment(0, "Temp Basal", duration=60, percent=-50, rate=0.45, app="AAPS")
    (known,) = [rate for rate in rates(told(aaps_3, profiles=())) if not np.isnan(rate[1])]
    assert known == (0, 0.45)


def test_a_micro_bolus_that_a_carelink_uploader_calls_a_rate_is_units_in_five_minutes() -> None:
    micro = [
        treatment(minute, "Temp Basal", duration=30, absolute=units, rate=units, enteredBy="CarelinkToNS")
        for minute, units in ((0, 0.1), (5, 0.05))
    ]
    assert rates(told(*micro, profiles=()))[:2] == [(0, 1.2), (5, 0.6)]


def test_a_micro_bolus_of_nightscout_connect_is_basal_too() -> None:
    marker = {"type": "AUTO_BASAL_DELIVERY", "bolusAmount": 0.1}
    pump = told(treatment(0, "Correction Bolus", carelink=marker), profiles=())
    assert rates(pump)[0] == (0, 1.2)
    assert len(pump.bolus) == 0


# --- suspensions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suspend", "resume"),
    [
        ({"eventType": "Note", "notes": "PumpSuspend"}, {"eventType": "Note", "notes": "PumpResume"}),
        (
            {"eventType": "Note", "notes": "PumpSuspend 554 ", "_type": "PumpSuspend"},
            {"eventType": "Note", "notes": "PumpResume 554 ", "_type": "PumpResume"},
        ),
        ({"eventType": "Suspend Pump"}, {"eventType": "Resume Pump"}),
        ({"eventType": "Pump Suspend"}, {"eventType": "Pump Resume"}),
        ({"eventType": "Basal Suspension", "notes": "alarm"}, {"eventType": "Basal Resume"}),
        (
            {"eventType": "Note", "notes": "Suspend Before Low"},
            {"eventType": "Note", "notes": "Basal Delivery Resumed"},
        ),
        ({"eventType": "Temp Basal", "reason": "suspend", "absolute": 0, "rate": 0, "duration": 60}, None),
        ({"eventType": "Temp Basal", "type": "PUMP_SUSPEND", "absolute": 0, "duration": 60}, None),
        ({"eventType": "OpenAPS Offline", "reason": "DISCONNECT_PUMP", "duration": 60}, None),
        ({"eventType": "OpenAPS Offline", "mode": "DISCONNECTED_PUMP", "duration": 60}, None),
        (
            {"eventType": "OpenAPS Offline", "mode": "SUSPENDED_BY_PUMP", "durationInMilliseconds": 2**63 - 1},
            {"eventType": "OpenAPS Offline", "mode": "CLOSED_LOOP", "duration": 0},
        ),
    ],
)
def test_nothing_is_delivered_while_the_pump_is_suspended(
    suspend: dict[str, Any], resume: dict[str, Any] | None
) -> None:
    said = [treatment(0, "", "s", **suspend)] + ([treatment(60, "", "r", **resume)] if resume else [])
    assert rates(told(*said)) == [(0, 0.0), (60, 1.0)]


@pytest.mark.parametrize(
    "said",
    [
        {"eventType": "Note", "notes": "will suspend the pump for swimming later"},
        {"eventType": "OpenAPS Offline", "duration": 60},
        {"eventType": "OpenAPS Offline", "reason": "SUSPEND", "duration": 60},
        {"eventType": "OpenAPS Offline", "mode": "SUSPENDED_BY_USER", "duration": 60},
        {"eventType": "Temporary Override", "duration": 60, "insulinNeedsScaleFactor": 0.5},
    ],
)
def test_what_suspends_the_loop_alone_leaves_the_profile_running(said: dict[str, Any]) -> None:
    assert rates(told(treatment(0, "", **said))) == [(0, 1.0)]


@pytest.mark.parametrize(
    ("suspended", "running"),
    [
        ({"suspended": True}, {"suspended": False}),
        ({"status": {"status": "suspended", "suspended": True}}, {"status": {"status": "normal", "suspended": False}}),
        ({"status": {"status": "suspended"}}, {"status": {"status": "normal"}}),
    ],
)
def test_a_status_tells_of_a_suspension_too(suspended: dict[str, Any], running: dict[str, Any]) -> None:
    said = [status(-5, **running), *(status(minute, **suspended) for minute in range(0, 60, 5)), status(60, **running)]
    assert rates(told(statuses=said)) == [(0, 0.0), (60, 1.0)]


@pytest.mark.parametrize(
    "sign",
    [
        treatment(90, "SMB", insulin=0.3, pumpId=7),
        treatment(90, "Temp Basal", absolute=1.0, duration=30),
        treatment(90, "Resume Pump"),
    ],
)
def test_a_suspension_of_which_no_end_was_said_ends_where_the_pump_shows_that_it_runs(sign: dict[str, Any]) -> None:
    assert rates(told(treatment(0, "Suspend Pump"), sign)) == [(0, 0.0), (90, 1.0)]


def test_a_temporary_rate_of_0_does_not_show_that_a_suspended_pump_runs() -> None:
    zero = treatment(30, "Temp Basal", absolute=0, duration=30)
    assert rates(told(treatment(0, "Suspend Pump"), zero, treatment(120, "Resume Pump"))) == [(0, 0.0), (120, 1.0)]


# --- switches --------------------------------------------------------------------------------------------------------

STEPS = ((0, 0.5), (6, 1.0), (22, 0.5))
WORKDAY = profile(
    (0, 0.5), (6, 1.0), (22, 0.5), Workday={"basal": [{"time": "00:00", "value": 0.5}], "timezone": "UTC"}
)


def switch(**said: Any) -> dict[str, Any]:
    return treatment(-720, "Profile Switch", profile="Workday", **said)


@pytest.mark.parametrize("hours", [2, 7_200_000])
@pytest.mark.parametrize("circadian", [True, False])
def test_a_shift_moves_the_profile_later(hours: int, circadian: bool) -> None:
    said = {"CircadianPercentageProfile": True} if circadian else {"app": "AAPS", "utcOffset": 0}
    pump = told(
        switch(profileJson=brought(*STEPS), percentage=100, timeshift=hours, **said), profiles=(WORKDAY,), hours=48
    )
    assert rates(pump, -720, 730) == [(-720, 0.5), (-240, 1.0), (720, 0.5)]


def test_a_shift_back_moves_the_profile_earlier() -> None:
    pump = told(switch(profileJson=brought(*STEPS), percentage=100, timeshift=-2), profiles=(WORKDAY,))
    assert rates(pump, -720, 720) == [(-720, 0.5), (-480, 1.0), (480, 0.5)]


EFFECTIVE = {
    "originalProfileName": "Workday",
    "originalCustomizedName": "Workday (150%)",
    "originalPercentage": 150,
    "originalTimeshift": 0,
    "originalDuration": 21_600_000,
    "originalEnd": milliseconds(at(360)),
    "profileJson": brought((0, 1.5)),
}


@pytest.mark.parametrize(
    "said",
    [
        {"percentage": 150, "profileJson": brought((0, 1.0)), "CircadianPercentageProfile": True},
        {"percentage": 150, "profileJson": brought((0, 1.0)), "originalProfileName": "Workday", "app": "AAPS"},
        {"percentage": 150, "originalProfileName": "Day"},
        {"profile": "Day (150%)"},
        # Brought with the percentage already applied.
        {
            "profile": "Day (150%)",
            "percentage": 150,
            "profileJson": brought((0, 1.5)),
            "enteredBy": "openaps://AndroidAPS",
        },
    ],
)
@pytest.mark.parametrize(
    "lasting",
    [
        {"duration": 360},
        {"duration": 360, "durationInMilliseconds": 21_600_000, "originalDuration": 21_600_000},
        {"duration": 21_600_000 * 60_000, "originalDuration": 21_600_000},
        {"duration": 21_600_000 * 60_000},
        {"duration": 21_600_000},
    ],
)
def test_a_percentage_counts_whoever_says_it_for_as_long_as_it_lasts(
    said: dict[str, Any], lasting: dict[str, Any]
) -> None:
    pump = told(treatment(0, "Profile Switch", **{"profile": "Day", **said}, **lasting))
    assert rates(pump) == [(0, 1.5), (360, 1.0)]


def test_the_note_of_what_a_pump_runs_tells_of_a_percentage_that_the_switch_lost() -> None:
    lost = treatment(0, "Profile Switch", profile="Workday", profileJson=brought((0, 1.0)), duration=360, app="AAPS")
    pump = told(lost, treatment(1 / 60, "Note", app="AAPS", notes="Workday (150%)", **EFFECTIVE))
    assert rates(pump, 1) == [(1, 1.5), (360, 1.0)]


def test_aaps_goes_on_with_a_switch_when_the_sites_profile_is_edited() -> None:
    edited = profile((0, 3.0), start=f"{at(60)}.000Z")
    of_aaps = switch(percentage=80, profileJson=brought((0, 1.0)), app="AAPS")
    assert rates(told(of_aaps, profiles=(FLAT, edited))) == [(0, 0.8)]
    assert rates(told(switch(percentage=80, profileJson=brought((0, 1.0))), profiles=(FLAT, edited))) == [
        (0, 0.8),
        (60, 3.0),
    ]


def test_a_switch_that_brings_its_profile_needs_none_of_the_site() -> None:
    assert rates(told(switch(profileJson=brought((0, 0.7))), profiles=())) == [(0, 0.7)]
    with pytest.raises(SettingsError, match="time_zone is not set"):
        told(switch(profileJson=brought((0, 0.7), zone="")), profiles=())


@pytest.mark.parametrize(
    ("site", "zone", "said", "begins"),
    [
        # Warsaw in summer, guessed as Cairo, which had UTC+3: six o'clock is 04:00 UTC.
        ("Europe/Warsaw", "Africa/Cairo", {"app": "AAPS", "utcOffset": 120}, -480),
        # Version 1 of the API tells no offset of a time that is in UTC.
        ("Europe/Warsaw", "Africa/Cairo", {"enteredBy": "openaps://AndroidAPS", "utcOffset": 0}, -480),
        ("America/Toronto", "America/Cuiaba", {"app": "AAPS", "utcOffset": -240}, -120),
        # Somebody of Warsaw who is in New York is there.
        ("Europe/Warsaw", "America/New_York", {"app": "AAPS", "utcOffset": -240}, -120),
        ("Europe/Warsaw", "Asia/Tokyo", {"app": "AAPS", "utcOffset": -300}, -60),
        ("Europe/Warsaw", "America/New_York", {}, -120),
        ("Europe/Warsaw", "", {}, -480),
        ("Europe/Warsaw", "GMT-0500", {}, -60),
        ("Europe/Warsaw", "ETC/GMT+5", {}, -60),
    ],
)
def test_the_zone_of_a_switch_is_the_one_that_fits_the_wearers_clock(
    site: str, zone: str, said: dict[str, Any], begins: float
) -> None:
    steps = ((0, 0.5), (6, 1.0))
    pump = told(switch(profileJson=brought(*steps, zone=zone), **said), profiles=(profile(*steps, zone=site),))
    assert rates(pump, -719, 300)[-1] == (begins, 1.0)


@pytest.mark.parametrize("zone", ["CEST", "W. Europe Standard Time", ""])
def test_a_zone_that_does_not_exist_is_the_one_that_is_set(zone: str) -> None:
    steps = ((0, 0.5), (15, 1.0))
    pump = told(profiles=(profile(*steps, zone=zone),), default_zone="Europe/Berlin")
    assert rates(pump, 0, 300) == [(0, 0.5), (60, 1.0)]
    with pytest.raises(SettingsError, match=r"data\.nightscout\.time_zone"):
        told(profiles=(profile(*steps, zone=zone),))
    brought_along = switch(profileJson=brought(*steps, zone=zone))
    pump = told(brought_along, profiles=(profile((0, 1.0), zone="Europe/Berlin"),))
    assert rates(pump, 1, 300) == [(1, 0.5), (60, 1.0)]


def test_a_switch_to_a_profile_that_is_not_there_is_counted() -> None:
    pump = told(treatment(0, "Profile Switch", profile="Holiday"))
    assert rates(pump) == [(0, 1.0)]
    name = "Profile Switch to a profile that the site does not have"
    assert pump.repairs.named[RepairKind.unreadable_rows, name] == 1


def test_a_document_of_one_profile_needs_no_default() -> None:
    assert rates(told(profiles=({**profile((0, 0.7)), "defaultProfile": "Renamed"},))) == [(0, 0.7)]


def test_one_bad_profile_of_a_document_leaves_the_others() -> None:
    assert rates(told(profiles=(profile((0, 1.0), Empty={"basal": []}),))) == [(0, 1.0)]


# --- silence ---------------------------------------------------------------------------------------------------------


def test_a_rate_holds_for_days_while_readings_show_that_the_site_is_alive() -> None:
    days = 4
    pump = told(entries=[reading(60.0 * hour, 100 + hour % 40) for hour in range(24 * days)])
    records, repairs = records_from_events(pump, 15)
    basal = records.feature(Feature.basal_rate)
    assert np.isfinite(basal[2:-2]).all()
    assert float(np.nansum(basal)) / 12 == pytest.approx(24 * days - 1, abs=0.2)
    assert not repairs[RepairKind.insulin_outside_records]


def test_what_nobody_heard_of_is_unknown_after_a_day() -> None:
    pump = told(entries=[reading(0), reading(60 * 24 * 4)])
    known = ~np.isnan(pump.basal.rate)
    assert pump.basal.times[known].max() == NOON + np.timedelta64(96, "h")
    assert pump.basal.times[~known].tolist() == [NOON + np.timedelta64(25, "h")]
