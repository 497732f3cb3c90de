"""CareLink exports of Paradigm pumps, which say each row's kind in Raw-Type, in small files made here."""

from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.events.stated_totals import TotalOf
from tests.core.sources.device_exports.vendor_files import wearer

COLUMNS = (
    "Index,Date,Time,Timestamp,New Device Time,BG Reading (mg/dL),Temp Basal Amount (U/h),Bolus Type,"
    "Bolus Volume Delivered (U),Suspend,Sensor Glucose (mg/dL),Daily Insulin Total (U),Raw-Type,Raw-Values,Raw-Seq Num,"
    "Raw-Device Type"
)


def row(at: str, kind: str, values: str, glucose: str = "") -> str:
    day, time = at.split(" ")
    return f'1,{day},{time},{at},,,,,,,{glucose},,{kind},"{values}",1,Paradigm 523'


def rate(at: str, units: str) -> str:
    return row(at, "BasalProfileStart", f"PATTERN_NAME=standard, PROFILE_INDEX=0, RATE={units}, START_TIME=0")


def suspension(at: str, state: str) -> str:
    return row(at, "ChangeSuspendEnable", f"ENABLE={state}, ACTION_REQUESTOR=pump, PRE_ENABLE=null")


def read(folder: Path, *rows: str, about: str = "", **settings: object) -> PumpEvents:
    sensor = [
        row(f"5/{day}/24 12:0{n}:00", "GlucoseSensorData", "AMOUNT=1", f"{110 + n}") for day in (1, 14) for n in (0, 5)
    ]
    return wearer(folder, "\n".join([about, COLUMNS, *rows, *sensor, ""]), **settings)


def changes(found: PumpEvents) -> list[tuple[str, float]]:
    """When the rate became another, and what it became."""
    known = [(str(time)[8:16], rate) for time, rate in zip(found.basal.times, found.basal.rate, strict=True)]
    return [each for place, each in enumerate(known) if each[1] >= 0 and (place == 0 or each[1] != known[place - 1][1])]


ABOUT = [
    "Last Name,First Name,Patient ID,Start Date\nPERSON,TEST,1,5/1/24\n\n-------,Paradigm 523/723 Pump,#000000,-------",
    "Medtronic Diabetes CareLink Personal Data Export File (v1.0.1)\nPATIENT INFO\nName,Ada\nDEVICE DATA (9 records)",
]


@pytest.mark.parametrize("about", ABOUT)
def test_readings_rates_and_boluses_are_read(about: str, tmp_path: Path) -> None:
    found = read(
        tmp_path,
        rate("5/1/24 00:00:01", "0.8"),
        row("5/1/24 08:01:00", "BolusNormal", "AMOUNT=5, CONCENTRATION=null, PROGRAMMED_AMOUNT=5"),
        rate("5/2/24 00:00:01", "0.9"),
        about=about,
    )
    assert found.glucose.glucose.tolist() == [110, 115, 110, 115]
    assert changes(found) == [("01T00:00", 0.8), ("02T00:00", 0.9)]
    assert (found.bolus.times[0], found.bolus.dose.tolist()) == (np.datetime64("2024-05-01T08:01:00"), [5.0])


def test_temporary_rates_hold_until_their_end_or_the_next_and_end_when_cancelled(tmp_path: Path) -> None:
    hour = 3_600_000
    found = read(
        tmp_path,
        rate("5/1/24 00:00:00", "0.8"),
        row("5/1/24 06:00:00", "ChangeTempBasalPercent", f"PERCENT_OF_RATE=50, DURATION={2 * hour}"),
        row("5/1/24 07:00:00", "ChangeTempBasal", f"RATE=1.5, DURATION={hour}"),
        row("5/1/24 09:00:00", "ChangeTempBasalPercent", f"PERCENT_OF_RATE=0, DURATION={5 * hour}"),
        row("5/1/24 10:30:00", "ChangeTempBasalPercent", "PERCENT_OF_RATE=0, DURATION=0"),
        rate("5/1/24 10:30:00", "0.8"),
    )
    assert changes(found) == [
        ("01T00:00", 0.8), ("01T06:00", 0.4), ("01T07:00", 1.5), ("01T08:00", 0.8), ("01T09:00", 0.0),
        ("01T10:30", 0.8),
    ]  # fmt: skip


def test_nothing_is_delivered_while_suspended_whatever_the_profile_logs(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        rate("5/1/24 00:00:00", "0.8"),
        suspension("5/1/24 03:00:00", "low_suspend_mode_1"),
        rate("5/1/24 04:00:00", "1.0"),
        suspension("5/1/24 05:00:00", "auto_resume_complete"),
        suspension("5/1/24 09:00:00", "user_suspend"),
        rate("5/1/24 09:30:00", "1.0"),
        suspension("5/1/24 09:30:00", "normal_pumping"),
    )
    assert changes(found) == [
        ("01T00:00", 0.8), ("01T03:00", 0.0), ("01T05:00", 1.0), ("01T09:00", 0.0),
        ("01T09:30", 1.0),
    ]  # fmt: skip


def test_a_square_bolus_cut_short_lasts_for_its_share_of_the_time(tmp_path: Path) -> None:
    values = "AMOUNT=1.7, PROGRAMMED_AMOUNT=3.4, DURATION=3600000, IS_DUAL_COMPONENT=true"
    found = read(tmp_path, rate("5/1/24 00:00:00", "0.8"), row("5/1/24 08:00:00", "BolusSquare", values))
    assert (found.bolus.dose.tolist(), found.bolus.minutes.tolist()) == ([1.7], [30.0])


def test_priming_is_no_bolus(tmp_path: Path) -> None:
    values = "AMOUNT=10, PROGRAMMED_AMOUNT=10, PRIME_TYPE=manual"
    assert len(read(tmp_path, rate("5/1/24 00:00:00", "0.8"), row("5/1/24 08:00:00", "Prime", values)).bolus) == 0


def test_the_pumps_own_daily_totals_are_stated_for_whole_days(tmp_path: Path) -> None:
    totals = [
        row(f"5/{day}/24 00:00:00", "ResultDailyTotal", f"AMOUNT={20 + day}.55, CONCENTRATION=null")
        for day in (1, 2, 14)
    ]
    found = read(tmp_path, rate("5/1/24 00:00:00", "0.8"), *totals)
    assert (found.stated.units.tolist(), found.stated.kinds.tolist()) == ([22.55], [TotalOf.all_insulin])
    assert (str(found.stated.starts[0]), str(found.stated.ends[0])) == ("2024-05-02T00:00:00", "2024-05-03T00:00:00")


def test_days_first_are_read_as_well(tmp_path: Path) -> None:
    text = "\n".join(
        [COLUMNS, rate("30/05/15 00:00:00", "0.8"), row("30/05/24 00:05:00", "GlucoseSensorData", "A=1", "99"), ""]
    )
    assert str(wearer(tmp_path, text).glucose.times[0]) == "2024-05-30T00:05:00"


BROKEN = {
    rate("5/1/24 00:00:00", "x"): "line 3, column Raw-Values: RATE is 'x', which is not a number",
    row(
        "5/1/24 00:00:00", "BolusNormal", "CONCENTRATION=null"
    ): "line 3, column Raw-Values: the row does not say its AMOUNT",
    suspension("5/1/24 00:00:00", "dancing")
    + "\n"
    + rate("5/1/24 00:00:00", "1"): "line 3.*'dancing' is no state of a pump",
    rate("yesterday 00:00:00", "1"): "line 3, column Date and Time: 'yesterday 00:00:00' is not",
}


@pytest.mark.parametrize(("text", "message"), BROKEN.items(), ids=[message[:30] for message in BROKEN.values()])
def test_broken_rows_are_refused_with_the_place(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises((DataError, SettingsError), match=message):
        read(tmp_path, text, about="PERSON")


def test_an_export_whose_columns_are_shifted_is_refused(tmp_path: Path) -> None:
    shifted = COLUMNS.replace("Suspend,", "")
    with pytest.raises(DataError, match="no row says what it is"):
        wearer(tmp_path, "\n".join([shifted, rate("5/20/24 00:00:01", "0.8"), ""]))


def test_a_row_that_does_not_say_what_it_is_is_counted(tmp_path: Path) -> None:
    found = read(tmp_path, rate("5/1/24 00:00:01", "0.8"), row("5/1/24 01:00:00", "", ""))
    assert found.repairs[RepairKind.unreadable_rows] == 1
