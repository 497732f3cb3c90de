"""Tidepool's JSON: what each type of its data becomes. The files are made in the layout of its documentation."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.records import CARBOHYDRATES, Feature
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.sources.tidepool.importer import events, events_of_data

NOON = np.datetime64("2024-05-01T12:00:00", "ms")
PUMP, SENSOR = "tandem123", "DexG6_1"
MINUTE = 60_000


def datum(kind: str, minutes: float = 0, device: str = PUMP, **said: Any) -> dict[str, Any]:
    time = f"{NOON + np.timedelta64(round(minutes * MINUTE), 'ms')}Z"
    return {"type": kind, "time": time, "deviceId": device, "id": f"{kind} {minutes} {device}", **said}


def reading(minutes: float, value: float = 120.0, units: str = "mg/dL") -> dict[str, Any]:
    return datum("cbg", minutes, SENSOR, value=value, units=units)


def basal(minutes: float, lasting: float, rate: float | None, kind: str = "automated", **said: Any) -> dict[str, Any]:
    return datum("basal", minutes, duration=lasting * MINUTE, deliveryType=kind, rate=rate, **said)


READINGS = [reading(5 * n, 120 + n) for n in range(-12, 48)]


def test_glucose_is_what_the_sensor_said_in_either_unit() -> None:
    found = events_of_data("ann", [reading(0, 100), reading(5, 5.55075, "mmol/L")])
    assert found.glucose.glucose == pytest.approx([100, 100], abs=1e-3)
    assert list(found.glucose.sensor) == [SENSOR, SENSOR]


def test_readings_in_no_unit_are_counted_and_finger_sticks_are_not_used() -> None:
    finger = datum("smbg", 3, value=90, units="mg/dL")
    found = events_of_data("ann", [reading(0, 100), reading(5, 100, "g/L"), finger])
    assert len(found.glucose) == 1
    assert found.repairs[RepairKind.unreadable_rows] == 1


def test_numbers_that_cannot_be_of_their_unit_are_refused() -> None:
    with pytest.raises(DataError, match="median"):
        events_of_data("ann", [reading(5 * n, 5.5) for n in range(20)])


def test_basal_is_what_was_delivered_of_every_type() -> None:
    suspended = datum("basal", 60, duration=30 * MINUTE, deliveryType="suspend", suppressed={"rate": 0.9})
    share = basal(90, 30, None, "temp", percent=0.5, suppressed={"rate": 0.8})
    found = events_of_data("ann", [*READINGS, basal(0, 60, 0.9, "scheduled"), suspended, share, basal(120, 5, 2.0)])
    assert found.basal.rate[:4].tolist() == [0.9, 0.0, 0.4, 2.0]
    assert np.isnan(found.basal.rate[4])


def test_a_basal_without_duration_runs_until_the_next() -> None:
    found = events_of_data("ann", [basal(0, 0, 0.9), basal(60, 5, 1.0)])
    assert found.basal.rate.tolist()[:2] == [0.9, 1.0]


def test_a_bolus_is_what_was_delivered_at_once_and_over_time() -> None:
    dual = datum("bolus", 0, subType="dual/square", normal=4.0, extended=1.5, duration=30 * MINUTE, expectedExtended=3)
    broken_off = datum("bolus", 60, subType="normal", normal=0.7, expectedNormal=5.0)
    found = events_of_data("ann", [dual, broken_off])
    assert sorted(zip(found.bolus.dose, found.bolus.minutes, strict=True)) == [(0.7, 0), (1.5, 30), (4.0, 0)]


def test_injections_are_told_apart_by_how_fast_they_act() -> None:
    doses = {"rapid": 5.0, "long": 20.0, None: 3.0}
    data = [
        datum("insulin", n, "pen", dose={"total": units}, formulation={"simple": {"actingType": acting}})
        for n, (acting, units) in enumerate(doses.items())
    ]
    found = events_of_data("ann", data)
    assert found.bolus.dose.tolist() == [5.0]
    assert found.repairs[RepairKind.long_acting_units] == 20.0
    assert found.repairs.named[RepairKind.unreadable_units, "insulin"] == 3.0


def test_a_pump_that_two_apps_uploaded_counts_once_and_a_pen_takes_nothing_away() -> None:
    both = [
        each | {"deviceId": app, "id": f"{app} {each['id']}"}
        for app, minutes in (("old app", 0), ("new app", 30))
        for each in (basal(minutes, 120, 1.0), datum("bolus", 60, normal=4.0))
    ]
    found = events_of_data("ann", [*both, datum("bolus", 45, "pen", normal=2.0)])
    assert sorted(found.bolus.dose.tolist()) == [2.0, 4.0]
    assert found.repairs[RepairKind.other_pump_bolus_units] == 4.0


def test_data_that_stands_again_or_was_superseded_counts_once() -> None:
    first = datum("bolus", 0, normal=4.0)
    old = datum("bolus", 1, normal=9.0, archivedTime="2024-06-01T00:00:00Z")
    assert events_of_data("ann", [first, first, old]).bolus.dose.tolist() == [4.0]


def test_the_wearer_lives_where_the_newest_data_says() -> None:
    old, new = datum("upload", 0, timezone="Europe/London"), datum("upload", 9, timezone="Europe/Berlin")
    assert events_of_data("ann", [new, old]).wearer_zone == "Europe/Berlin"
    assert events_of_data("ann", [reading(0) | {"timezoneOffset": -420}]).wearer_zone == "-07:00"
    assert events_of_data("ann", [reading(0)]).wearer_zone == ""


def test_carbohydrates_come_from_the_diary_and_the_bolus_calculator() -> None:
    eaten = datum("food", 0, nutrition={"carbohydrate": {"net": 40, "units": "grams"}})
    found = events_of_data("ann", [eaten, datum("wizard", 60, carbInput=25, carbUnits="grams")])
    assert found.extra[CARBOHYDRATES].amount.tolist() == [40, 25]


def test_files_of_a_wearer_are_read_together(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "a.json").write_text(json.dumps(READINGS[:30]))
    (tmp_path / "ann" / "b.json").write_text("\n".join(json.dumps(each) for each in READINGS[20:]))
    (found,) = events(data_settings(source="tidepool", root=str(tmp_path)))
    assert (found.pump_id, len(found.glucose)) == ("ann", len(READINGS))


@pytest.mark.parametrize(
    ("text", "words"), [("", "empty"), ("[1]", "no document"), ("{", "no JSON"), ('[{"a": 1}]', "no export")]
)
def test_what_is_no_export_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match=f"a.json.*{words}"):
        list(events(data_settings(source="tidepool", root=str(tmp_path))))


def test_data_of_a_type_that_nobody_knows_is_counted_by_it() -> None:
    found = events_of_data("ann", [*READINGS, datum("smbg", 3, value=90), datum("bolusX", 5, normal=3.0), {"a": 1}])
    assert {name for _, name in found.repairs.named} == {"bolusX", "data of no type"}
    assert found.repairs[RepairKind.unreadable_rows] == 2


SPANS = st.lists(st.tuples(st.integers(-60, 240), st.integers(1, 300), st.floats(0, 5)), max_size=8)
BOLUSES = st.lists(st.tuples(st.integers(-60, 240), st.floats(0, 20), st.floats(0, 9), st.integers(0, 200)), max_size=6)


@hypothesis_settings(max_examples=60, deadline=None)
@given(SPANS, BOLUSES)
def test_no_unit_of_insulin_is_lost_or_made_up(spans: list[tuple[int, int, float]], boluses: list[Any]) -> None:
    data = [basal(start, lasting, rate, id=f"{n}") for n, (start, lasting, rate) in enumerate(spans)]
    data += [
        datum("bolus", start, normal=normal, extended=extended, duration=minutes * MINUTE, id=f"b{n}")
        for n, (start, normal, extended, minutes) in enumerate(boluses)
    ]
    stated = sum(lasting / 60 * rate for _, lasting, rate in set(spans))
    alike = {(start, dose, 0) for start, dose, _, _ in boluses} | {(each[0], *each[2:]) for each in boluses}
    stated += sum(dose for _, dose, _ in alike)
    records, repairs = records_from_events(events_of_data("ann", [*READINGS, *data]), 15.0)
    kept = np.nan_to_num(records.feature(Feature.basal_rate)).sum() / 12
    kept += np.nan_to_num(records.feature(Feature.bolus_dose)).sum()
    counted = repairs[RepairKind.overlapping_basal_units] + repairs[RepairKind.insulin_outside_records]
    assert kept + counted == pytest.approx(stated, abs=0.01)
