"""Boluses, automatic mode and overlapping exports of MiniMed pumps, in small CareLink files made here."""

from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.records import RECORDS_PER_HOUR, Feature
from tests.core.sources.device_exports.vendor_files import PUMP, SENSOR, TOTALS, carelink, wearer

Row = dict[str, str]
MIDNIGHT = {"at": "2024/05/01 00:00:00", "basal": "0,65"}
HOURS = np.arange(np.datetime64("2024-05-01T00"), np.datetime64("2024-05-04T00"))
SENSORS = [
    {"at": f"{str(hour)[:10].replace('-', '/')} {str(hour)[11:]}:00:00", "glucose": f"{118 + place % 24}"}
    for place, hour in enumerate(HOURS)
]


def stamp(text: str) -> str:
    return str(np.datetime64(text, "s")).replace("-", "/").replace("T", " ")


def later(text: str, seconds: int) -> str:
    return str(np.datetime64(text, "s") + np.timedelta64(seconds, "s"))


def delivery(time: str, units: str = "0,05", source: str = "CLOSED_LOOP_AUTO_BASAL") -> Row:
    return {"at": stamp(time), "kind": "Normal", "selected": units, "delivered": units, "source": source}


def deliveries(first: str, count: int, units: str = "0,05", source: str = "CLOSED_LOOP_AUTO_BASAL") -> list[Row]:
    return [delivery(later(first, 300 * place), units, source) for place in range(count)]


def bolus(time: str, units: str, number: int, seconds: int = 40) -> list[Row]:
    """The row in which a bolus is programmed and that in which it is delivered."""
    row = {"kind": "Normal", "selected": units, "number": str(number), "source": "BOLUS_WIZARD"}
    return [{**row, "at": stamp(time)}, {**row, "at": stamp(later(time, seconds)), "delivered": units}]


def read(folder: Path, rows: list[Row], name: str = "export.csv") -> PumpEvents:
    ordered = sorted(rows, key=lambda row: row["at"])
    return wearer(folder, carelink({PUMP: ordered, SENSOR: SENSORS}), name)


def rate_at(found: PumpEvents, *times: str) -> list[float]:
    moments = np.array(times, dtype="datetime64[s]")
    return found.basal.rate[np.searchsorted(found.basal.times, moments, side="right") - 1].tolist()


def units_between(found: PumpEvents, start: str, stop: str) -> tuple[float, float]:
    """U of basal and of bolus in the records after start and up to stop."""
    records, _ = records_from_events(found, 15.0)
    wanted = (records.timestamps > np.datetime64(start)) & (records.timestamps <= np.datetime64(stop))
    basal = records.feature(Feature.basal_rate)[wanted].sum() / RECORDS_PER_HOUR
    return float(basal), float(records.feature(Feature.bolus_dose)[wanted].sum())


# What is not understood


def test_insulin_of_a_pen_that_was_written_down_is_counted(tmp_path: Path) -> None:
    marks = [("08:00:00", "Insulin: 4,50"), ("09:00:00", "Meal: 45,00 grams"), ("10:00:00", "Other")]
    rows = [{"at": f"2024/05/01 {time}", "Event Marker": mark} for time, mark in marks]
    text = carelink({PUMP: [MIDNIGHT, *rows], SENSOR: SENSORS}, columns=("Event Marker",))
    found = wearer(tmp_path, text)
    assert found.repairs.named[RepairKind.unreadable_units, "insulin of a pen, as an event marker"] == 4.5
    assert found.repairs[RepairKind.unreadable_rows] == 1
    assert len(found.bolus) == 0


# Suspensions


@pytest.mark.parametrize("stops", ["USER_SUSPEND", "ALARM_SUSPEND", "PREDICTED_LOW_SG_SUSPEND", "Low suspend mode 1"])
@pytest.mark.parametrize("runs", ["NORMAL_PUMPING", "Normal pumping", "USER_RESTART_BASAL", "AUTO_RESUME_COMPLETE"])
def test_a_suspension_ends_with_every_word_that_pumps_have_for_it(stops: str, runs: str, tmp_path: Path) -> None:
    rows = [
        MIDNIGHT,
        {"at": "2024/05/01 10:00:00", "suspend": stops},
        {"at": "2024/05/01 11:00:00", "suspend": runs},
    ]
    found = read(tmp_path, rows)
    assert rate_at(found, "2024-05-01T09:59", "2024-05-01T10:30", "2024-05-01T11:01") == [0.65, 0.0, 0.65]


def test_a_state_of_the_pump_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'DANCING' is no state of a pump") as caught:
        read(tmp_path, [MIDNIGHT, {"at": "2024/05/01 10:00:00", "suspend": "DANCING"}])
    assert caught.value.column == "Suspend"


# Boluses


def test_a_bolus_number_that_comes_again_is_another_bolus(tmp_path: Path) -> None:
    """One byte: 40 days with 8 boluses a day, on day k of 1.0 + 0.1 k U."""
    days = [np.datetime64("2024-03-01") + day for day in range(40)]
    rows = [
        row
        for day, date in enumerate(days)
        for place in range(8)
        for row in bolus(f"{date}T{1 + 3 * place:02}:03", f"{1 + 0.1 * day:.1f}", (8 * day + place) % 256)
    ]
    found = read(tmp_path, [{"at": "2024/03/01 00:00:00", "basal": "0,65"}, *rows])
    assert len(found.bolus) == 320
    assert found.bolus.dose.sum() == pytest.approx(944.0)
    assert found.bolus.dose[:8].tolist() == [1.0] * 8
    assert found.bolus.dose[-8:].tolist() == [4.9] * 8
    assert found.bolus.times[-1] == np.datetime64("2024-04-09T22:03:00")


def test_a_number_that_comes_again_within_the_day_pairs_with_the_row_beside_it(tmp_path: Path) -> None:
    rows = [*bolus("2024-05-01T07:00", "5,0", 3), *bolus("2024-05-01T20:00", "5,0", 3)]
    never_delivered = {**bolus("2024-05-01T12:00", "5,0", 3)[0]}
    found = read(tmp_path, [MIDNIGHT, *rows, never_delivered])
    assert found.bolus.dose.tolist() == [5.0, 5.0]
    assert [str(time)[11:16] for time in found.bolus.times] == ["07:00", "20:00"]


def test_a_delivery_is_not_paired_with_another_amount_or_a_time_too_long_before(tmp_path: Path) -> None:
    programmed = {**bolus("2024-05-01T06:00", "5,0", 3)[0]}
    delivered = {**bolus("2024-05-01T12:00", "5,0", 3)[1]}
    other = {**bolus("2024-05-01T14:00", "2,0", 4)[0]}
    another = {**bolus("2024-05-01T14:01", "3,0", 4)[1]}
    found = read(tmp_path, [MIDNIGHT, programmed, delivered, other, another])
    assert found.bolus.dose.tolist() == [5.0, 3.0]
    assert [str(time)[11:] for time in found.bolus.times] == ["12:00:40", "14:01:40"]


def test_both_parts_of_a_dual_bolus_have_one_number(tmp_path: Path) -> None:
    common = {"number": "9", "source": "BOLUS_WIZARD"}
    at_once, spread = {**common, "kind": "Dual (normal part)"}, {**common, "kind": "Dual (square part)"}
    rows = [
        {**at_once, "at": "2024/05/01 12:00:00", "selected": "2,0"},
        {**spread, "at": "2024/05/01 12:00:00", "selected": "3,0", "lasting": "2:00:00"},
        {**at_once, "at": "2024/05/01 12:01:20", "selected": "2,0", "delivered": "2,0"},
        {**spread, "at": "2024/05/01 14:00:00", "selected": "3,0", "delivered": "3,0", "lasting": "2:00:00"},
    ]
    found = read(tmp_path, [MIDNIGHT, *rows])
    assert found.bolus.dose.tolist() == [2.0, 3.0]
    assert found.bolus.minutes.tolist() == [0.0, 120.0]
    assert len(set(found.bolus.times.tolist())) == 1


def test_a_square_bolus_that_is_cut_short_is_not_spread_over_what_was_programmed(tmp_path: Path) -> None:
    square = {"kind": "Square", "selected": "4,0", "lasting": "4:00:00", "number": "5"}
    rows = [
        {**square, "at": "2024/05/01 12:00:00"},
        {**square, "at": "2024/05/01 12:30:00", "delivered": "0,5"},
    ]
    found = read(tmp_path, [MIDNIGHT, *rows])
    assert (found.bolus.dose.tolist(), found.bolus.minutes.tolist()) == ([0.5], [30.0])


# Automatic mode


@pytest.mark.parametrize(
    "source",
    ["CLOSED_LOOP_AUTO_BASAL", "CLOSED_LOOP_MICRO_BOLUS", "CL_MICRO_BOLUS", "CL_AUTO_BASAL", "Closed loop micro bolus"],
)
def test_micro_boluses_of_every_spelling_are_basal_and_the_programmed_rate_does_not_run_beside_them(
    source: str, tmp_path: Path
) -> None:
    found = read(tmp_path, [MIDNIGHT, *deliveries("2024-05-01T00:02:57", 240, source=source)])
    assert units_between(found, "2024-05-01T10:00", "2024-05-01T12:00") == pytest.approx((1.2, 0.0))


@pytest.mark.parametrize(
    "source",
    ["CLOSED_LOOP_AUTO_BOLUS", "CLOSED_LOOP_BG_CORRECTION", "CLOSED_LOOP_BG_CORRECTION_AND_FOOD_BOLUS", "MANUAL", ""],
)
def test_corrections_and_meals_in_automatic_mode_are_boluses(source: str, tmp_path: Path) -> None:
    rows = [MIDNIGHT, *deliveries("2024-05-01T09:00", 36), delivery("2024-05-01T10:01:00", "1,5", source)]
    found = read(tmp_path, rows)
    assert found.bolus.dose.tolist() == [1.5]
    assert units_between(found, "2024-05-01T10:00", "2024-05-01T11:00") == pytest.approx((0.6, 1.5))


def pause(*rows: Row) -> list[Row]:
    """Automatic mode with nothing delivered from 10:37:57, whose delivery is over at 10:42:57, until 13:02:57."""
    return [MIDNIGHT, *deliveries("2024-05-01T00:02:57", 128), *rows, *deliveries("2024-05-01T13:02:57", 60)]


def test_a_pause_of_automatic_mode_is_no_exit_from_it(tmp_path: Path) -> None:
    found = read(tmp_path, pause())
    assert rate_at(found, "2024-05-01T10:43", "2024-05-01T11:50", "2024-05-01T13:02") == [0.0, 0.0, 0.0]
    assert units_between(found, "2024-05-01T10:30", "2024-05-01T13:15") == pytest.approx((0.254, 0.0), abs=0.01)


def test_a_bolus_in_a_pause_does_not_end_it(tmp_path: Path) -> None:
    found = read(tmp_path, pause(*bolus("2024-05-01T12:00", "3,0", 7)))
    assert rate_at(found, "2024-05-01T11:00", "2024-05-01T12:30") == [0.0, 0.0]
    assert found.bolus.dose.tolist() == [3.0]


def test_a_change_of_the_profile_in_a_pause_is_no_exit(tmp_path: Path) -> None:
    """A pump logs at midnight the rate that it does not deliver (pra008/Medtronic-csv-FHIR, 2023/11/18)."""
    found = read(tmp_path, pause({"at": "2024/05/01 12:00:00", "basal": "0,80"}))
    assert rate_at(found, "2024-05-01T11:00", "2024-05-01T12:30") == [0.0, 0.0]


@pytest.mark.parametrize("alarm", ["SMARTGUARD EXIT", "AUTO MODE EXIT", "Smartguard exit"])
def test_the_programmed_rate_runs_from_a_logged_exit(alarm: str, tmp_path: Path) -> None:
    exit_rows = [
        {"at": "2024/05/01 11:20:10", "alarm": alarm},
        {"at": "2024/05/01 11:20:40", "basal": "0,65"},
    ]
    found = read(tmp_path, pause(*exit_rows))
    assert rate_at(found, "2024-05-01T11:00", "2024-05-01T11:21", "2024-05-01T13:02") == [0.0, 0.65, 0.65]


def test_an_exit_after_the_last_delivery_ends_its_pause(tmp_path: Path) -> None:
    rows = [MIDNIGHT, *deliveries("2024-05-01T00:02:57", 128), {"at": "2024/05/01 11:20:40", "basal": "0,65"}]
    found = read(tmp_path, [*rows, {"at": "2024/05/02 00:00:00", "basal": "0,65"}])
    assert rate_at(found, "2024-05-01T11:00", "2024-05-01T11:21", "2024-05-01T20:00") == [0.0, 0.65, 0.65]


def test_the_alarm_with_which_automatic_mode_begins_is_no_exit(tmp_path: Path) -> None:
    found = read(tmp_path, pause({"at": "2024/05/01 11:20:10", "alarm": "AUTO MODE ACTIVE PLGM OFF"}))
    assert rate_at(found, "2024-05-01T11:30") == [0.0]


def test_a_suspension_in_automatic_mode_is_zero_until_the_pump_resumes_its_rate(tmp_path: Path) -> None:
    rows = [
        {"at": "2024/05/01 10:50:15", "basal": "0"},
        {"at": "2024/05/01 10:50:15", "suspend": "NOTSEATED_SUSPEND"},
        {"at": "2024/05/01 10:55:17", "suspend": "NORMAL_PUMPING"},
        {"at": "2024/05/01 10:55:17", "basal": "0,65"},
    ]
    found = read(tmp_path, pause(*rows))
    assert rate_at(found, "2024-05-01T10:45", "2024-05-01T10:52", "2024-05-01T11:30") == [0.0, 0.0, 0.65]


def test_nobody_knows_what_was_delivered_in_half_a_day_without_delivery_and_exit(tmp_path: Path) -> None:
    rows = [*deliveries("2024-05-01T00:00", 12), *deliveries("2024-05-01T12:00", 12)]
    found = read(tmp_path, [MIDNIGHT, *rows])
    assert rate_at(found, "2024-05-01T00:30", "2024-05-01T06:00", "2024-05-01T12:30") == pytest.approx(
        [0.6, np.nan, 0.6], nan_ok=True
    )


def test_a_delivery_that_is_followed_within_seconds_is_no_rate_of_45_units_an_hour(tmp_path: Path) -> None:
    rows = [*deliveries("2024-05-01T10:00", 2, "0,15"), delivery("2024-05-01T10:05:12", "0,05")]
    found = read(tmp_path, [MIDNIGHT, *rows])
    assert np.nanmax(found.basal.rate) <= 1.8 + 0.6 + 1e-9
    assert units_between(found, "2024-05-01T10:00", "2024-05-01T10:10")[0] == pytest.approx(0.35 - 0.05 * 12 / 300)


def test_a_delivery_is_whole_where_the_pump_leaves_automatic_mode_seconds_later(tmp_path: Path) -> None:
    rows = [*deliveries("2024-05-01T09:00", 13, "0,15"), {"at": "2024/05/01 10:00:12", "basal": "0"}]
    found = read(tmp_path, [MIDNIGHT, *rows, {"at": "2024/05/01 10:00:12", "suspend": "USER_SUSPEND"}])
    assert units_between(found, "2024-05-01T10:00", "2024-05-01T10:30") == pytest.approx((0.15, 0.0))
    assert np.nanmax(found.basal.rate) == pytest.approx(1.8)


def test_a_days_total_beside_each_delivery_leaves_the_rate_known(tmp_path: Path) -> None:
    rows = [MIDNIGHT, *deliveries("2024-05-01T00:02:57", 700)]
    total = [{"at": "2024/05/02 00:00:00", "kind": "Normal", "selected": "14,4", "delivered": "14,4",
              "source": "CLOSED_LOOP_AUTO_INSULIN"}]  # fmt: skip
    found = wearer(tmp_path, carelink({PUMP: rows, TOTALS: total, SENSOR: SENSORS}))
    assert rate_at(found, "2024-05-02T12:00") == pytest.approx([0.6])
    assert len(found.bolus) == 0


# Overlapping exports


def test_what_an_export_cuts_off_is_left_to_the_export_that_holds_it(tmp_path: Path) -> None:
    rows = [
        MIDNIGHT,
        *deliveries("2024-05-01T00:02:57", 240),
        *bolus("2024-05-01T12:00", "6,0", 8, seconds=240),
    ]
    rows.sort(key=lambda row: row["at"])
    whole = read(tmp_path / "whole", rows)
    for count, part in enumerate(([row for row in rows if row["at"] < "2024/05/01 12:01"],
                                  [row for row in rows if row["at"] >= "2024/05/01 12:01"], rows)):  # fmt: skip
        found = read(tmp_path / "parts", [MIDNIGHT, *part] if count == 0 else part, f"{count}.csv")
    assert found.bolus.dose.tolist() == whole.bolus.dose.tolist() == [6.0]
    start, stop = "2024-05-01T01:00", "2024-05-01T20:00"
    assert units_between(found, start, stop) == pytest.approx(units_between(whole, start, stop))
