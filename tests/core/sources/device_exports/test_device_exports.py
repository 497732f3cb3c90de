"""Exports as the vendors write them, in small files made here."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import BloodTwinError, DataError, SettingsError
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.events.units import MG_PER_DL_PER_MMOL_PER_L, UnitsError
from bloodtwin_core.sources.device_exports import DateOrder, VendorSettings
from bloodtwin_core.sources.device_exports.importer import events
from bloodtwin_core.sources.settings import data_settings
from tests.core.sources.device_exports.vendor_files import (
    PUMP,
    SENSOR,
    TOTALS,
    at,
    bolus,
    carelink,
    clarity,
    egv,
    kept,
    libre,
    reading,
    t_connect,
    wearer,
)

# Dexcom Clarity


def test_clarity_gives_readings_and_rapid_insulin_and_nothing_else(tmp_path: Path) -> None:
    rows = [
        egv("2024-03-01T10:00:00", 120),
        "10,2024-03-01T10:02:00,Calibration,,,,android G6,300,,,,,,",
        "11,2024-03-01T10:03:00,Carbs,,,,android G6,,,40,,,,",
        "12,2024-03-01T10:04:00,Insulin,Fast-Acting,,,android G6,,4.5,,,,,",
        "13,2024-03-01T10:04:30,Insulin,Long-Acting,,,android G6,,18,,,,,",
        "14,2024-03-01T10:04:40,Insulin,Inhaled,,,android G6,,8,,,,,",
        "15,2024-03-01T10:04:50,Dancing,,,,android G6,,,,,,,",
        egv("2024-03-01 10:05:00", 125),
    ]
    found = wearer(tmp_path, clarity(rows))
    assert found.glucose.times.tolist() == [time.item() for time in at("2024-03-01T10:00:00", "2024-03-01T10:05:00")]
    assert found.glucose.glucose.tolist() == [120, 125]
    assert set(found.glucose.sensor) == {"8AAAAA"}
    assert found.bolus.dose.tolist() == [4.5]
    assert len(found.basal) == 0
    assert found.repairs.sentences() == [
        "rows or events of the source that could not be understood, left out: 2 (insulin of no known kind 1, "
        "rows of an event that is not known 1)",
        "U of insulin in those, as far as that can be seen: 8 (insulin of no known kind 8)",
        "U of long-acting insulin, which is no bolus, left out: 18",
    ]


def test_clarity_in_mmol_is_converted_and_words_stand_just_outside_the_sensors_range(tmp_path: Path) -> None:
    rows = [egv("2024-03-01T10:00:00", "5.5"), egv("2024-03-01T10:05:00", "Low"), egv("2024-03-01T10:10:00", "High")]
    found = wearer(tmp_path, clarity(rows, unit="mmol/L"))
    assert found.glucose.glucose == pytest.approx([5.5 * MG_PER_DL_PER_MMOL_PER_L, 39, 401])


def test_the_hour_that_occurs_twice_is_told_by_the_order_of_rows(tmp_path: Path) -> None:
    minutes = [f"{minute:02}" for minute in range(0, 60, 5)]
    rows = [egv(f"2023-10-29T01:{minute}:00", 100) for minute in minutes]
    rows += [egv(f"2023-10-29T01:{minute}:00", 200) for minute in minutes]
    found = wearer(tmp_path, clarity([egv("2023-10-29T00:55:00", 90), *rows]), time_zone="Europe/London")
    assert np.all(np.diff(found.glucose.times) == np.timedelta64(300, "s"))
    assert found.glucose.glucose.tolist() == [90] + [100] * 12 + [200] * 12
    assert found.repairs[RepairKind.ambiguous_local_times] == 24
    assert found.repairs[RepairKind.clock_set_back] == 0


def local_rows(begin: str, until: str, clock: int) -> list[str]:
    """A reading every five minutes between two UTC times, as a clock shows them that is so many hours ahead of UTC."""
    times = np.arange(np.datetime64(begin, "s"), np.datetime64(until, "s"), np.timedelta64(300, "s"))
    return [egv(str(time + clock * np.timedelta64(3600, "s")), 100 + n % 7) for n, time in enumerate(times)]


@pytest.mark.parametrize("until", ["2024-03-31T08:00", "2024-04-02T20:00"])
def test_a_clock_that_is_put_forward_late_shows_standard_time_until_then(until: str, tmp_path: Path) -> None:
    rows = local_rows("2024-03-30T12:00", until, 0) + local_rows(until, "2024-04-05T00:00", 1)
    found = wearer(tmp_path, clarity(rows), time_zone="Europe/London")
    assert found.glucose.times[0] == np.datetime64("2024-03-30T12:00")
    assert np.all(np.diff(found.glucose.times) == np.timedelta64(300, "s"))
    assert found.repairs[RepairKind.nonexistent_local_times] == 12


def test_a_clock_that_never_follows_daylight_saving_keeps_its_rhythm(tmp_path: Path) -> None:
    found = wearer(tmp_path, clarity(local_rows("2024-03-30", "2024-11-02", 0)), time_zone="Europe/London")
    assert np.all(np.diff(found.glucose.times) == np.timedelta64(300, "s"))


def test_a_clock_that_is_set_back_late_is_undone(tmp_path: Path) -> None:
    rows = local_rows("2024-10-26T12:00", "2024-10-27T08:00", 1) + local_rows("2024-10-27T08:00", "2024-10-28T00:00", 0)
    found = wearer(tmp_path, clarity(rows), time_zone="Europe/London")
    assert np.all(np.diff(found.glucose.times) == np.timedelta64(300, "s"))
    assert found.repairs[RepairKind.clock_set_back] == 1


# LibreView


def test_libre_gives_kept_and_scanned_readings_and_rapid_insulin(tmp_path: Path) -> None:
    rows = [
        kept("13-11-2024 21:35", 107),
        "FreeStyle Libre 3,AAAA-1,13-11-2024 21:37,1,,111,,,,,,,,,,",
        "FreeStyle Libre 3,AAAA-1,13-11-2024 21:38,2,,,,,,,,,,,300,",
        "FreeStyle Libre 3,AAAA-1,13-11-2024 21:38,4,,,,3,,,,,12,,,",
        "FreeStyle Libre 3,AAAA-1,13-11-2024 21:39,5,,,,,,30,,,,,,",
        "FreeStyle Libre 3,AAAA-1,13-11-2024 21:39,6,,,,,,,,,,felt well,,",
        kept("13-11-2024 21:40", "LO"),
        kept("13-11-2024 21:45", "HI"),
    ]
    found = wearer(tmp_path, libre(rows))
    assert found.glucose.glucose.tolist() == [107, 111, 39, 501]
    assert found.bolus.dose.tolist() == [3]
    assert found.repairs[RepairKind.long_acting_units] == 12


@pytest.mark.parametrize(
    ("time", "expected"),
    [("13-11-2024 21:35", "2024-11-13T21:35"), ("11-13-2024 09:35 PM", "2024-11-13T21:35")],
)
def test_a_day_over_12_tells_the_order_of_the_date(time: str, expected: str, tmp_path: Path) -> None:
    assert wearer(tmp_path, libre([kept(time, 107)])).glucose.times[0] == np.datetime64(expected, "s")


def test_dates_that_may_be_read_either_way_want_the_setting(tmp_path: Path) -> None:
    text = libre([kept("03-11-2024 21:35", 107)])
    with pytest.raises(SettingsError, match=r"data\.vendor\.date_order"):
        wearer(tmp_path, text)
    for order, expected in ((DateOrder.day_first, "2024-11-03T21:35"), (DateOrder.month_first, "2024-03-11T21:35")):
        assert wearer(tmp_path, text, date_order=order).glucose.times[0] == np.datetime64(expected, "s")


def test_dates_that_contradict_each_other_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 4, column Device Timestamp: '11-14-2024 21:40' puts day and month"):
        wearer(tmp_path, libre([kept("13-11-2024 21:35", 107), kept("11-14-2024 21:40", 107)]))


def test_a_decimal_comma_and_a_semicolon_are_read(tmp_path: Path) -> None:
    text = libre([kept("13-11-2024 21:35", "5;4")], unit="mmol/L").replace(",", "\t").replace("5;4", "5,4")
    found = wearer(tmp_path, text.replace("\t", ";"))
    assert found.glucose.glucose == pytest.approx([5.4 * MG_PER_DL_PER_MMOL_PER_L])


# t:connect


def test_t_connect_gives_readings_rates_and_boluses(tmp_path: Path) -> None:
    text = t_connect(
        [reading("2024-03-01T12:00:00", 120), reading("2024-03-01T12:02:00", 300, "BG")],
        [bolus("2024-03-01T12:00:00", "2024-03-01T12:05:00", 13.5, asked=13.5)],
        ['"Basal","2024-03-01T00:00:00","0.8"', '"Basal","2024-03-01T11:00:00","0"'],
    )
    found = wearer(tmp_path, text, glucose_unit="mg/dL")
    assert found.glucose.glucose.tolist() == [120]
    assert found.basal.rate[:2].tolist() == [0.8, 0]
    assert (found.bolus.times[0], found.bolus.dose[0], found.bolus.minutes[0]) == (
        np.datetime64("2024-03-01T12:00:00"), 13.5, 5.0,
    )  # fmt: skip


def test_the_rate_of_a_pump_that_falls_silent_is_not_known_any_more(tmp_path: Path) -> None:
    basal = ['"Basal","2024-03-01T00:00:00","0.8"', '"Basal","2024-03-05T00:00:00","0.9"']
    found = wearer(tmp_path, t_connect([reading("2024-03-06T12:00:00", 120)], basal=basal), glucose_unit="mg/dL")
    assert found.basal.times.tolist() == [
        time.item() for time in at("2024-03-01T00:00", "2024-03-02T01:00", "2024-03-05T00:00", "2024-03-06T01:00")
    ]
    assert found.basal.rate == pytest.approx([0.8, np.nan, 0.9, np.nan], nan_ok=True)


def test_an_export_of_today_has_no_event_in_the_future(tmp_path: Path) -> None:
    hours = (np.datetime64("now", "h") + np.arange(-30, 1)).astype("datetime64[s]")
    sensor = [reading(str(time), 120 + place) for place, time in enumerate(hours)]
    basal = [f'"Basal","{time}","{rate}"' for time, rate in ((hours[0], 0.8), (hours[-1], 1.0))]
    found = wearer(tmp_path, t_connect(sensor, basal=basal), glucose_unit="mg/dL")
    assert found.basal.rate == pytest.approx([0.8, np.nan, 1.0], nan_ok=True)
    assert records_from_events(found, 15.0)[1][RepairKind.times_refused] == 0


EXTENDED = '"2024-03-01T12:01:00","2024-03-01T14:01:00","2.00"'


@pytest.mark.parametrize(
    ("at_once", "share", "asked"),
    [
        (2.00, 50, 4.00),  # InsulinDelivered tells the part at once
        (4.00, 50, 4.00),  # it tells the total
        (0.00, 0, 2.00),
        (2.00, 0, 2.00),
    ],
)
def test_the_extended_part_of_a_bolus_is_never_counted_twice(
    at_once: float, share: int, asked: float, tmp_path: Path
) -> None:
    row = bolus("2024-03-01T12:00:00", "2024-03-01T12:01:00", at_once, EXTENDED, share, asked)
    found = wearer(tmp_path, t_connect([reading("2024-03-01T12:00:00", 120)], [row]), glucose_unit="mg/dL")
    assert found.bolus.dose.sum() == pytest.approx(asked)
    assert found.bolus.minutes[-1] == 120


def test_a_unit_that_nobody_declares_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"column 'Readings \(CGM / BGM\)' does not say its unit.*glucose_unit"):
        wearer(tmp_path, t_connect([reading("2024-03-01T12:00:00", 120)]))


# CareLink


def test_carelink_pairs_boluses_and_gives_the_effective_rate(tmp_path: Path) -> None:
    rows = [
        {"at": "2024/03/01 00:00:00", "basal": "0,8"},
        {"at": "2024/03/01 06:00:00", "temp": "50", "temp_kind": "Percent", "temp_time": "1:00:00"},
        {"at": "2024/03/01 12:00:00", "kind": "Normal", "selected": "5,0", "number": "3", "source": "BOLUS_WIZARD"},
        {"at": "2024/03/01 12:03:20", "kind": "Normal", "selected": "5,0", "delivered": "4,9", "number": "3"},
        {"at": "2024/03/01 13:00:00", "suspend": "USER_SUSPEND"},
        {"at": "2024/03/01 14:00:00", "suspend": "NORMAL_PUMPING"},
        {"at": "2024/03/01 15:00:00", "kind": "Square", "selected": "2,0", "lasting": "2:00:00", "number": "4"},
        {"at": "2024/03/01 17:00:00", "kind": "Square", "selected": "2,0", "delivered": "2,0", "lasting": "2:00:00",
         "number": "4"},
    ]  # fmt: skip
    sensor = [{"at": "2024/03/01 12:00:00", "glucose": "118"}, {"at": "2024/03/01 12:05:00", "glucose": "120"}]
    found = wearer(tmp_path, carelink({PUMP: rows, SENSOR: sensor}))
    assert found.glucose.glucose.tolist() == [118, 120]
    changes = dict(zip((f"{time}"[11:16] for time in found.basal.times), found.basal.rate, strict=True))
    assert changes == pytest.approx({"00:00": 0.8, "06:00": 0.4, "07:00": 0.8, "13:00": 0.0, "14:00": 0.8})
    assert found.bolus.dose.tolist() == [4.9, 2.0]
    assert found.bolus.minutes.tolist() == [0, 120]
    assert found.bolus.times.tolist() == [time.item() for time in at("2024-03-01T12:00", "2024-03-01T15:00")]


@pytest.mark.parametrize("delimiter", [";", ","])
def test_carelink_in_mmol_and_with_either_delimiter(delimiter: str, tmp_path: Path) -> None:
    number = "6,5" if delimiter == ";" else "6.5"
    text = carelink({SENSOR: [{"at": "2024/03/01 12:00:00", "glucose": number}]}, unit="mmol/L", delimiter=delimiter)
    assert wearer(tmp_path, text).glucose.glucose == pytest.approx([6.5 * MG_PER_DL_PER_MMOL_PER_L])


def test_a_days_total_of_automatic_insulin_is_no_bolus_and_leaves_the_rate_unknown(tmp_path: Path) -> None:
    days = ["2024/03/01", "2024/03/02", "2024/03/03"]
    rows = [{"at": f"{day} {hour}:00:00", "basal": "0,8"} for day in days for hour in ("00", "12")]
    totals = [{"at": f"{days[1]} 00:00:00", "kind": "Normal", "selected": "27,895", "delivered": "27,895",
               "source": "CLOSED_LOOP_AUTO_INSULIN"}]  # fmt: skip
    sensor = [{"at": "2024/03/05 12:00:00", "glucose": "118"}]
    found = wearer(tmp_path, carelink({PUMP: rows, TOTALS: totals, SENSOR: sensor}))
    assert len(found.bolus) == 0
    unknown = found.basal.times[np.isnan(found.basal.rate)]
    assert unknown.tolist() == [time.item() for time in at("2024-03-02T00:00", "2024-03-04T13:00")]
    after = found.basal.rate[np.searchsorted(found.basal.times, np.datetime64("2024-03-03T00:00:00"), side="right") - 1]
    assert after == 0.8


def test_automatic_deliveries_are_the_basal_rate_while_they_last(tmp_path: Path) -> None:
    rows = [{"at": "2024/03/01 00:00:00", "basal": "0,8"}]
    rows += [
        {"at": f"2024/03/01 10:{minute:02}:00", "kind": "Normal", "selected": "0,1", "delivered": "0,1",
         "number": str(minute), "source": "CLOSED_LOOP_AUTO_BASAL"}
        for minute in (0, 5, 15)
    ]  # fmt: skip
    rows += [{"at": "2024/03/01 12:00:00", "basal": "0,9"}]
    found = wearer(tmp_path, carelink({PUMP: rows, SENSOR: [{"at": "2024/03/01 12:00:00", "glucose": "118"}]}))
    assert len(found.bolus) == 0
    changes = [(f"{time}"[11:16], rate) for time, rate in zip(found.basal.times, found.basal.rate, strict=True)]
    assert changes == [
        ("00:00", 0.8), ("10:00", pytest.approx(1.2)), ("10:05", pytest.approx(1.2)), ("10:10", 0.0),
        ("10:15", pytest.approx(1.2)), ("10:20", 0.8), ("12:00", 0.9),
    ]  # fmt: skip


def test_without_cgm_format_the_wearer_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cgm_format", None)
    text = carelink({PUMP: [{"at": "2024/03/01 00:00:00", "basal": "0,8"}]})
    with pytest.raises(SettingsError, match=r"pip install 'bloodtwin\[vendor\]'"):
        wearer(tmp_path, text)


# All of them


def test_files_of_one_wearer_are_taken_together_without_repeats(tmp_path: Path) -> None:
    first = [egv(f"2024-03-01T10:{minute:02}:00", 120) for minute in range(0, 30, 5)]
    wearer(tmp_path, clarity(first), "march.csv")
    pump = t_connect(
        [], [bolus("2024-03-01T10:00:00", "2024-03-01T10:02:00", 3)], ['"Basal","2024-03-01T00:00:00","1"']
    )
    wearer(tmp_path, pump, "pump.csv", glucose_unit="mg/dL")
    found = wearer(tmp_path, clarity([*first[3:], egv("2024-03-01T10:30:00", 121)]), "april.csv", glucose_unit="mg/dL")
    assert found.pump_id == tmp_path.name
    assert (len(found.glucose), found.bolus.dose.tolist(), found.basal.rate[0]) == (7, [3], 1)
    assert found.repairs[RepairKind.repeated_events] == 3


def test_the_silence_between_two_exports_is_only_one_that_no_export_fills(tmp_path: Path) -> None:
    for month in ("03", "04"):
        rows = [{"at": f"2024/{month}/{day:02} 00:00:00", "basal": "0,8"} for day in range(1, 31)]
        sensor = [
            {"at": f"2024/{month}/01 12:00:00", "glucose": "118"},
            {"at": "2024/05/02 12:00:00", "glucose": "117"},
        ]
        found = wearer(tmp_path, carelink({PUMP: rows, SENSOR: sensor}), f"{month}.csv")
    assert found.basal.times[np.isnan(found.basal.rate)].tolist() == [
        time.item() for time in at("2024-03-31T01:00", "2024-05-01T01:00")
    ]


def test_a_folder_holds_one_wearer_or_a_folder_for_each(tmp_path: Path) -> None:
    text = clarity([egv("2024-03-01T10:00:00", 120)])
    for name in ("anna", "bert"):
        wearer(tmp_path / name, text)
    settings = data_settings(source="vendor", root=str(tmp_path), vendor=VendorSettings(time_zone="UTC"))
    assert [found.pump_id for found in events(settings)] == ["anna", "bert"]
    assert [found.pump_id for found in events(settings.model_copy(update={"pump_ids": ["bert"]}))] == ["bert"]
    with pytest.raises(DataError, match=r"there is no carl; there are anna, bert\. Correct data\.pump_ids"):
        list(events(settings.model_copy(update={"pump_ids": ["carl"]})))
    (tmp_path / "stray.csv").write_text(text)
    with pytest.raises(DataError, match="the folder holds files beside the folder anna"):
        list(events(settings))


def test_settings_that_are_missing_are_named(tmp_path: Path) -> None:
    vendor = VendorSettings(time_zone="UTC")
    with pytest.raises(SettingsError, match=r"data\.vendor\.time_zone is not set"):
        list(events(data_settings(source="vendor", root=str(tmp_path))))
    with pytest.raises(SettingsError, match="'Berlin' is not a time zone"):
        list(events(data_settings(source="vendor", root=str(tmp_path), vendor=VendorSettings(time_zone="Berlin"))))
    with pytest.raises(SettingsError, match=r"data\.root is not set"):
        list(events(data_settings(source="vendor", vendor=vendor)))
    with pytest.raises(DataError, match="there is no such file or folder"):
        list(events(data_settings(source="vendor", root=str(tmp_path / "none"), vendor=vendor)))
    with pytest.raises(DataError, match="the folder holds no exported files"):
        list(events(data_settings(source="vendor", root=str(tmp_path), vendor=vendor)))


def test_numbers_that_contradict_the_declared_unit_are_refused(tmp_path: Path) -> None:
    rows = [egv(f"2024-03-01T10:{minute:02}:00", 120) for minute in range(0, 60, 5)]
    with pytest.raises(
        UnitsError, match=r"export\.csv, line 1, column Glucose Value \(mmol/L\): the median glucose is 120"
    ):
        wearer(tmp_path, clarity(rows, unit="mmol/L"))
    with pytest.raises(SettingsError, match=r"is in mg/dL, but data\.vendor\.glucose_unit says mmol/L"):
        wearer(tmp_path, clarity(rows), glucose_unit="mmol/L")


GOOD = egv("2024-03-01T10:00:00", 120)
BROKEN = {
    "": "the file is empty",
    "hello": "the file is no table",
    "a,b,c\n1,2,3\n": "the file is of no known format.*Dexcom Clarity, LibreView, Medtronic CareLink, t:connect",
    clarity(
        [GOOD, egv("2024-03-01T10:05:00", "1O5")]
    ): r"line 6, column Glucose Value \(mg/dL\): '1O5' is not a number",
    clarity([GOOD, egv("2024-03-01T10:05:00", "-5")]): "line 6.*-5 cannot be negative",
    clarity([GOOD, egv("2024-03-01T10:05:00", "0")]): "line 6.*a glucose cannot be 0",
    clarity(
        [GOOD, egv("1 March 2024", 105)]
    ): "line 6, column Timestamp.*'1 March 2024' is not a date and time such as",
    clarity([GOOD, egv("", 105)]): "line 6, column Timestamp.*the row has no timestamp",
    clarity([GOOD])
    .replace("Source Device ID", "X")
    .replace("Transmitter ID", "Y"): "line 1, column Transmitter ID: the",
    clarity([GOOD]).replace("Event Subtype", "Event Type"): "line 1, column Event Type: the column stands twice",
    clarity([GOOD]).replace("Insulin Value (u)", "Glucose Value (mmol/L)"): "line 1.*glucose stands in both units",
    clarity([GOOD]) + clarity([GOOD]): "line 6: the header stands here again. Give each export as a file of its own",
    "\n".join([GOOD, clarity([GOOD])]): "line 2: rows stand above the header",
    libre([kept("13-11-2024 21:35", 107).replace(",0,", ",9,")]): "line 3, column Record Type: '9' is not one of",
    libre([kept("13-11-2024 21:35", 107), kept("", 107)]): "line 4, column Device Timestamp: the row has no timestamp",
    t_connect(
        [], [bolus("2024-03-01T12:00:00", "2024-03-01T09:00:00", 3)]
    ): "line 13, column CompletionDateTime: the del",
    t_connect([], [bolus("", "", 3)]): "line 13, column CompletionDateTime: the bolus has no time",
    carelink({PUMP: [{"at": "2024/03/01 12:00:00", "basal": "0,8x"}]}): r"line 6, column Basal Rate \(U/h\): '0,8x' is",
    carelink({PUMP: [{"at": "2024/03/01 12:00:00", "kind": "Normale"}]}): "line 6, column Bolus Type: 'Normale' is not",
    carelink(
        {PUMP: [{"at": "2024/03/01 12:00:00", "lasting": "2 h"}]}
    ): "line 6, column Bolus Duration.*'2 h' is not a",
    carelink({SENSOR: [{"at": "01.03.2024 12:00:00", "glucose": "118"}]}): "line 6, column Date and Time: '01.03.2024",
}


@pytest.mark.parametrize(("text", "message"), BROKEN.items(), ids=[message[:40] for message in BROKEN.values()])
def test_broken_files_are_refused_with_the_place(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message) as refused:
        wearer(tmp_path, text, glucose_unit="mg/dL")
    assert str(refused.value).startswith(str(tmp_path / "export.csv"))


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_bytes(b"PK\x03\x04" + bytes(200))
    settings = data_settings(source="vendor", root=str(tmp_path), vendor=VendorSettings(time_zone="UTC"))
    with pytest.raises(DataError, match="the file is no text"):
        list(events(settings))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_and_windows_line_ends_are_all_right(encoding: str, tmp_path: Path) -> None:
    text = clarity([egv("2024-03-01T10:00:00", 120)]).replace("\n", "\r\n").replace("Ada", "Zoë")
    (tmp_path / "export.csv").write_bytes(text.encode(encoding))
    settings = data_settings(source="vendor", root=str(tmp_path), vendor=VendorSettings(time_zone="UTC"))
    assert next(events(settings)).glucose.glucose.tolist() == [120]


SEEDS = [
    clarity([egv("2024-03-01T10:00:00", 120), egv("2024-03-01T10:05:00", "Low")]),
    clarity([egv("2024-10-27T01:00:00", "5.6"), egv("2024-10-27T01:05:00", "5.7")], unit="mmol/L"),
    libre([kept("13-11-2024 21:35", 107), kept("13-11-2024 21:40", "LO")]),
    t_connect(
        [reading("2024-03-01T12:00:00", 120)],
        [bolus("2024-03-01T12:00:00", "2024-03-01T12:01:00", 2, EXTENDED, 50, 4)],
        ['"Basal","2024-03-01T00:00:00","0.8"'],
    ),
    carelink(
        {
            PUMP: [
                {"at": "2024/03/01 00:00:00", "basal": "0,8"},
                {"at": "2024/03/01 12:00:00", "kind": "Normal", "selected": "5,0", "delivered": "5,0", "number": "3"},
            ],
            SENSOR: [{"at": "2024/03/01 12:05:00", "glucose": "120"}],
        }
    ),
]
DAMAGE = [
    "",
    "x",
    "-",
    "0",
    "9",
    "99999999999",
    "1e308",
    "nan",
    "inf",
    "-7",
    "5,5",
    "５",
    '"',
    ";",
    ",",
    "\t",
    "\n",
    "\r",
]
DAMAGE += ["\x00", "\x85", "\u2028", "EGV", "mmol/L", "mg/dL", "0001-01-01T00:00:00", "9999-12-31T23:59:59", "24:00:00"]


@st.composite
def damaged_exports(draw: st.DrawFn) -> str:
    """An export with a few spans replaced, rows doubled, shuffled or cut off."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 12))
        text = text[:place] + draw(st.sampled_from(DAMAGE) | st.text(max_size=3)) + text[place + length :]
    lines = text.split("\n")
    if draw(st.booleans()):
        lines = draw(st.permutations(lines))
    return "\n".join(lines[: draw(st.integers(1, len(lines)))] * draw(st.integers(1, 2)))


@given(text=damaged_exports())
def test_a_damaged_export_gives_an_error_or_events_and_never_a_wrong_unit(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "export.csv").write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
    vendor = VendorSettings(time_zone="Europe/London", glucose_unit="" if "CGM / BGM" not in text else "mg/dL")
    try:
        (found,) = events(data_settings(source="vendor", root=str(folder), vendor=vendor))
    except BloodTwinError:
        return
    median = np.median(found.glucose.glucose) if len(found.glucose) else 120.0
    assert 35 <= median <= 1000 or not re.search("[0-9]", text)
    assert np.isfinite(found.bolus.dose).all()


@settings(deadline=None)  # Its first call imports polars.
@given(
    glucose=st.lists(st.integers(40, 400), min_size=1, max_size=30),
    mmol=st.booleans(),
)
def test_clarity_agrees_with_cgm_format_where_that_reads_it_well(
    glucose: list[int], mmol: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    parser = pytest.importorskip("cgm_format").FormatParser
    unit, scale = ("mmol/L", MG_PER_DL_PER_MMOL_PER_L) if mmol else ("mg/dL", 1.0)
    start = np.datetime64("2024-03-01T10:00:00")
    rows = [egv(str(start + 300 * n), f"{value / scale:.1f}") for n, value in enumerate(glucose)]
    text = clarity(rows, unit)
    found = wearer(tmp_path_factory.mktemp("same"), text)
    theirs = parser.parse_from_string(text)
    assert found.glucose.times.tolist() == [time.replace(tzinfo=None) for time in theirs["datetime"]]
    assert found.glucose.glucose == pytest.approx(theirs["glucose"].to_numpy(), rel=1e-3)
