"""Apple Health's export: what its records become, whatever its size and its declaration."""

import tracemalloc
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.records import CARBOHYDRATES, Feature
from bloodtwin_core.sources.apple_health.importer import events
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.sources.xml_documents import children_of_root

NOON = np.datetime64("2024-05-01T12:00:00", "s")
BASAL, BOLUS = "1", "2"
DOCTYPE = """<!DOCTYPE HealthData [
<!-- HealthKit Export Version: 14 -->
<!ELEMENT HealthData (ExportDate,Me,(Record|Workout)*)>
<!ATTLIST Broken startDate CDATA #IMPLIED device CDATA #IMPLIED>> ]>
"""


def record(
    kind: str, minutes: float, value: Any, unit: str, *, lasting: float = 0, app: str = "Loop", **meta: str
) -> str:
    """A record at so many minutes after noon UTC, written in the time of a phone two hours ahead."""
    start, end = (
        str(NOON + np.timedelta64(round((at + 120) * 60), "s")).replace("T", " ") for at in (minutes, minutes + lasting)
    )
    entries = "".join(f'<MetadataEntry key="{key}" value="{said}"/>' for key, said in meta.items())
    return (
        f'<Record type="HKQuantityTypeIdentifier{kind}" sourceName="{app}" unit="{unit}" creationDate="{start} +0200" '
        f'startDate="{start} +0200" endDate="{end} +0200" value="{value}">{entries}</Record>\n'
    )


def glucose(minutes: float, value: Any = 120, unit: str = "mg/dL", **more: str) -> str:
    return record("BloodGlucose", minutes, value, unit, **more)


def insulin(minutes: float, value: Any, reason: str, lasting: float = 0, **more: str) -> str:
    return record("InsulinDelivery", minutes, value, "IU", lasting=lasting, HKInsulinDeliveryReason=reason, **more)


def xml(*records: str) -> str:
    inside = "".join(records)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{DOCTYPE}<HealthData locale="de_DE">\n{inside}</HealthData>\n'


def told(folder: Path, *records: str, **more: Any) -> PumpEvents:
    (folder / "Export.xml").write_text(xml(*records))
    (found,) = events(data_settings(source="apple_health", root=str(folder), **more))
    return found


READINGS = [glucose(5 * n, 120 + n) for n in range(-12, 48)]


def test_glucose_comes_in_either_unit_and_at_its_own_time(tmp_path: Path) -> None:
    found = told(tmp_path, glucose(0, 100), glucose(5, 5.55, "mmol&lt;180.1558800000541&gt;/L", app="Dexcom G6"))
    assert found.glucose.times.tolist() == [NOON.item(), (NOON + np.timedelta64(300, "s")).item()]
    assert found.glucose.glucose == pytest.approx([100, 100], abs=0.1)
    assert list(found.glucose.sensor) == ["Loop", "Dexcom G6"]


def test_readings_that_were_typed_in_are_not_used_and_other_units_are_counted(tmp_path: Path) -> None:
    found = told(tmp_path, glucose(0), glucose(5, HKWasUserEntered="1"), glucose(9, 5.5, "mmol/L"))
    assert len(found.glucose) == 1
    assert found.repairs.named[RepairKind.unreadable_rows, "BloodGlucose"] == 1


def test_basal_is_an_amount_over_a_time_and_a_bolus_a_dose(tmp_path: Path) -> None:
    found = told(tmp_path, insulin(0, 0.4, BASAL, 30), insulin(30, 0, BASAL, 30), insulin(40, 5, BOLUS, 2))
    assert found.basal.rate[:2].tolist() == [0.8, 0.0]
    assert np.isnan(found.basal.rate[2])
    assert (found.bolus.dose.tolist(), found.bolus.minutes.tolist()) == ([5.0], [2.0])


def test_an_injection_of_basal_insulin_is_no_bolus(tmp_path: Path) -> None:
    found = told(tmp_path, insulin(0, 20, BASAL, app="Health"))
    assert found.repairs[RepairKind.long_acting_units] == 20
    assert len(found.bolus) == len(found.basal) == 0


def test_insulin_of_no_known_kind_is_counted_with_its_units(tmp_path: Path) -> None:
    found = told(tmp_path, record("InsulinDelivery", 0, 3, "IU"), insulin(5, 2, "7"))
    assert found.repairs.named[RepairKind.unreadable_units, "InsulinDelivery"] == 5


def test_insulin_and_glucose_of_another_type_are_counted_by_it(tmp_path: Path) -> None:
    others = [record("InsulinPlanned", 0, 3, "IU"), record("InterstitialGlucose", 5, 120, "mg/dL")]
    found = told(tmp_path, *READINGS, *others, record("StepCount", 9, 100, "count"))
    assert found.repairs.named[RepairKind.unreadable_units, "InsulinPlanned"] == 3
    assert found.repairs.named[RepairKind.unreadable_rows, "InterstitialGlucose"] == 1
    assert found.repairs[RepairKind.unreadable_rows] == 2


def test_what_two_apps_wrote_counts_once(tmp_path: Path) -> None:
    both = [
        insulin(minutes, value, reason, lasting, app=app)
        for app, begins in (("Loop", 0), ("Tidepool", 30))
        for minutes, value, reason, lasting in ((begins, 2, BASAL, 120), (60, 4, BOLUS, 1))
    ]
    found = told(tmp_path, *both)
    assert found.bolus.dose.tolist() == [4]
    assert found.repairs[RepairKind.other_pump_bolus_units] == 4


def test_carbohydrates_are_grams(tmp_path: Path) -> None:
    assert told(tmp_path, record("DietaryCarbohydrates", 0, 40, "g")).extra[CARBOHYDRATES].amount.tolist() == [40]


def test_the_wearer_lives_where_the_newest_record_or_the_setting_says(tmp_path: Path) -> None:
    assert told(tmp_path, glucose(0), glucose(5)).wearer_zone == "+02:00"
    assert told(tmp_path, glucose(9, HKTimeZone="Europe/Paris"), glucose(5)).wearer_zone == "Europe/Paris"
    assert told(tmp_path, glucose(0), apple_health={"time_zone": "Europe/Rome"}).wearer_zone == "Europe/Rome"


def test_the_zip_is_read_whatever_its_language(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "Export.zip", "w") as archive:
        archive.writestr("apple_health_export/export_cda.xml", "<ClinicalDocument/>")
        archive.writestr("apple_health_export/Exportación.xml", xml(glucose(0)))
    (found,) = events(data_settings(source="apple_health", root=str(tmp_path)))
    assert len(found.glucose) == 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xml", xml(*READINGS)[:3000].encode(), "cut off"),
        ("a.xml", b"<Other><Record/></Other>", "no export of Apple Health"),
        ("a.xml", b'<!DOCTYPE HealthData [<!ENTITY a "b">', "does not end"),
        ("a.xml", b'<!DOCTYPE H [<!ENTITY a "b">]><HealthData><Me a="&a;"/></HealthData>', "undefined entity"),
        ("a.zip", b"PK", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{name}.*{words}"):
        list(events(data_settings(source="apple_health", root=str(tmp_path))))


def test_a_large_file_is_never_in_memory() -> None:
    """20 MB of steps go by in under 3 MB."""
    steps = record("StepCount", 0, 7, "count").encode() * 60_000
    stream = BytesIO(b"<HealthData>" + steps + b"</HealthData>")
    tracemalloc.start()
    assert sum(1 for _ in children_of_root(Path("export.xml"), stream)) == 60_000
    assert tracemalloc.get_traced_memory()[1] < 3e6
    tracemalloc.stop()


@hypothesis_settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-60, 240), st.integers(1, 300), st.integers(0, 4)), max_size=8, unique=True),
    st.lists(st.tuples(st.integers(-60, 240), st.floats(0, 20), st.integers(0, 60)), max_size=6, unique=True),
)
def test_no_unit_of_insulin_is_lost_or_made_up(tmp_path_factory: Any, spans: list[Any], boluses: list[Any]) -> None:
    records_of = [insulin(start, rate * lasting / 60, BASAL, lasting) for start, lasting, rate in spans]
    records_of += [insulin(start, dose, BOLUS, lasting) for start, dose, lasting in boluses]
    found = told(tmp_path_factory.mktemp("export"), *READINGS, *records_of)
    stated = sum(rate * lasting / 60 for _, lasting, rate in spans) + sum(dose for _, dose, _ in boluses)
    records, repairs = records_from_events(found, 15.0)
    kept = np.nan_to_num(records.feature(Feature.basal_rate)).sum() / 12
    kept += np.nan_to_num(records.feature(Feature.bolus_dose)).sum()
    counted = repairs[RepairKind.overlapping_basal_units] + repairs[RepairKind.insulin_outside_records]
    assert kept + counted == pytest.approx(stated, abs=0.01)
