"""OhioT1DM's XML. The data itself is given to researchers alone; these files are made in the published layout."""

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
from bloodtwin_core.records import CARBOHYDRATES, WALL_TIME, Feature
from bloodtwin_core.sources.ohio_t1dm.importer import events
from bloodtwin_core.sources.settings import data_settings


def at(minutes: int, day: str = "19-05-2027") -> str:
    return f"{day} {minutes // 60:02}:{minutes % 60:02}:00"


GLUCOSE = "".join(f'<event ts="{at(5 * n)}" value="{100 + n}"/>' for n in range(72))
BASAL = f'<event ts="{at(0)}" value="0.8"/><event ts="{at(180)}" value="1.2"/>'
TEMP = f'<event ts_begin="{at(60)}" ts_end="{at(90)}" value="0.0"/>'
BOLUS = (
    f'<event ts_begin="{at(30)}" ts_end="{at(30)}" type="normal" dose="4.9" bwz_carb_input="50"/>'
    f'<event ts_begin="{at(120)}" ts_end="{at(120)}" type="normal dual" dose="3.0" bwz_carb_input="0"/>'
    f'<event ts_begin="{at(120)}" ts_end="{at(180)}" type="square dual" dose="2.0" bwz_carb_input="0"/>'
)
MEAL = f'<event ts="{at(35)}" type="Lunch" carbs="50"/>'


def xml(person: str = "559", **sections: str) -> str:
    told = {"glucose_level": GLUCOSE, "basal": BASAL, "temp_basal": TEMP, "bolus": BOLUS, "meal": MEAL} | sections
    inside = "".join(f"<{name}>{content}</{name}>\n" for name, content in told.items())
    return f'<?xml version="1.0"?>\n<patient id="{person}" weight="99" insulin_type="Novalog">\n{inside}</patient>\n'


def told(folder: Path, *texts: str, pump_ids: tuple[str, ...] = ()) -> list[PumpEvents]:
    for number, text in enumerate(texts):
        (folder / f"{number}").mkdir(exist_ok=True)
        (folder / f"{number}" / "of-somebody.xml").write_text(text)
    return list(events(data_settings(source="ohio_t1dm", root=str(folder), pump_ids=pump_ids)))


def test_every_section_is_read(tmp_path: Path) -> None:
    (found,) = told(tmp_path, xml())
    assert (found.pump_id, found.wearer_zone, len(found.glucose)) == ("559", WALL_TIME, 72)
    assert found.basal.rate.tolist() == [0.8, 0.0, 0.8, 1.2]
    assert sorted(zip(found.bolus.dose, found.bolus.minutes, strict=True)) == [(2.0, 60), (3.0, 0), (4.9, 0)]
    assert found.extra[CARBOHYDRATES].amount.tolist() == [50]


def test_a_section_that_nobody_knows_is_counted_by_its_name(tmp_path: Path) -> None:
    more = {"sleep": f'<event ts_begin="{at(0)}" ts_end="{at(9)}"/>', "pen": f'<event ts="{at(3)}" dose="4.0"/>'}
    (found,) = told(tmp_path, xml(**more))
    assert found.repairs.named == {
        (RepairKind.unreadable_rows, "pen"): 1.0,
        (RepairKind.unreadable_units, "pen"): 4.0,
    }


def test_dates_that_were_moved_into_the_future_become_records(tmp_path: Path) -> None:
    (found,) = told(tmp_path, xml())
    records, repairs = records_from_events(found, 15.0)
    assert str(records.timestamps[-1])[:10] == "2027-05-19"
    assert repairs[RepairKind.times_refused] == 0


def test_no_unit_is_lost(tmp_path: Path) -> None:
    (found,) = told(tmp_path, xml())
    records, _ = records_from_events(found, 15.0)
    given = records.feature(Feature.bolus_dose).sum() + np.nansum(records.feature(Feature.basal_rate)) / 12
    assert given == pytest.approx(9.9 + 0.8 * 2.5 + 1.2 * (5 * 71 - 180) / 60, abs=0.11)


@hypothesis_settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 350), st.integers(0, 30)), max_size=5, unique_by=lambda each: each[0]),
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 50), st.integers(0, 30)), max_size=3),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 50), st.floats(0, 20)), max_size=5, unique=True),
)
def test_no_unit_of_insulin_is_lost_or_made_up(
    tmp_path_factory: pytest.TempPathFactory, rates: list[Any], temporary: list[Any], boluses: list[Any]
) -> None:
    """A minute at a time: the temporary rate that began last, else the rate in force."""
    rates = [(0, 8), *(each for each in rates if each[0])]
    (found,) = told(
        tmp_path_factory.mktemp("ohio"),
        xml(
            basal="".join(f'<event ts="{at(minute)}" value="{rate / 10}"/>' for minute, rate in rates),
            temp_basal="".join(
                f'<event ts_begin="{at(minute)}" ts_end="{at(minute + lasting)}" value="{rate / 10}"/>'
                for minute, lasting, rate in temporary
            ),
            bolus="".join(
                f'<event ts_begin="{at(minute)}" ts_end="{at(minute + lasting)}" type="square" dose="{dose}"/>'
                for minute, lasting, dose in boluses
            ),
        ),
    )
    records, repairs = records_from_events(found, 15.0)
    minutes = round((records.timestamps[-1] - np.datetime64("2027-05-19T00:00")) / np.timedelta64(60, "s"))
    stated = sum(dose for _, _, dose in boluses)
    for minute in range(minutes):
        over = [each for each in temporary if each[0] <= minute < each[0] + each[1]]
        under = max((each for each in rates if each[0] <= minute), key=lambda each: each[0])[1]
        latest = max((each[0] for each in over), default=0)
        stated += ([each[2] for each in over if each[0] == latest] or [under])[-1] / 600
    kept = np.nan_to_num(records.feature(Feature.basal_rate)).sum() / 12 + records.feature(Feature.bolus_dose).sum()
    assert kept + repairs[RepairKind.insulin_outside_records] == pytest.approx(stated, abs=0.01)


def test_training_and_testing_files_of_a_person_are_one_history(tmp_path: Path) -> None:
    later = "".join(f'<event ts="{at(5 * n, "20-05-2027")}" value="90"/>' for n in range(9))
    found = told(tmp_path, xml(), xml(glucose_level=later), xml("540"))
    assert [(each.pump_id, len(each.glucose)) for each in found] == [("540", 72), ("559", 81)]
    assert [each.pump_id for each in told(tmp_path, pump_ids=("540",))] == ["540"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (xml(bolus=BOLUS.replace("4.9", "4,9")), "bolus: an event makes no sense"),
        (xml(basal=BASAL.replace("0.8", "-0.8")), "basal: an event makes no sense"),
        (xml(glucose_level=GLUCOSE.replace("19-05", "31-02")), "glucose_level: an event makes no sense"),
        (xml()[:2000], "no whole XML"),
        (xml().replace("patient", "person"), "none of OhioT1DM"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError, match=f"of-somebody.xml.*{words}"):
        told(tmp_path, text)
