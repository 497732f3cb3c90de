"""Boluses of a Nightscout site, in the dialect of every app, and insulin that is no bolus or was uploaded twice."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.records import Feature
from tests.core.sources.nightscout.documents import at, boluses, milliseconds, reading, told, treatment

# --- spread boluses --------------------------------------------------------------------------------------------------


def record(units: float, minutes: float = 0.0, **more: Any) -> dict[str, Any]:
    """A pump's own record of a bolus, as oref0 nests it."""
    return {"_type": "Bolus", "amount": units, "programmed": units, "duration": minutes, **more}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"eventType": "Correction Bolus", "insulin": "3", "square": record(3.0, 120)}, [(3.0, 120)]),
        (
            {"eventType": "Meal Bolus", "insulin": "3.4", "square": record(2.4, 120), "bolus": record(1.0)},
            [(1.0, 0), (2.4, 120)],
        ),
        # Stopped by hand: the pump's records say what was delivered, insulin what was asked for.
        (
            {
                "eventType": "Meal Bolus",
                "insulin": 4.0,
                "square": {**record(1.2, 120), "programmed": 3.0},
                "bolus": record(1.0),
            },
            [(1.0, 0), (1.2, 120)],
        ),
        # Corrected on the site.
        ({"eventType": "Correction Bolus", "insulin": 2.0, "square": record(3.0, 120)}, [(2.0, 120)]),
        (
            {"eventType": "Correction Bolus", "insulin": 3.0, "bolus": {"amount": 2.2, "programmed": 3.0}},
            [(2.2, 0)],
        ),
        ({"eventType": "Correction Bolus", "type": "square", "insulin": 2.0, "duration": 60}, [(2.0, 60)]),
        ({"eventType": "Correction Bolus", "type": "normal", "insulin": 2.0, "duration": 1.3}, [(2.0, 0)]),
        ({"eventType": "SMB", "insulin": 0.3, "duration": 1, "bolus": record(0.3, 1)}, [(0.3, 0)]),
        (
            {"eventType": "Combo Bolus", "enteredinsulin": "6", "splitNow": "40", "splitExt": "60", "duration": 90},
            [(2.4, 0), (3.6, 90)],
        ),
        (
            {
                "eventType": "Combo Bolus",
                "insulin": 2.4,
                "enteredinsulin": 6,
                "splitNow": 40,
                "splitExt": 60,
                "relative": 2.4,
                "duration": 90,
            },
            [(2.4, 0), (3.6, 90)],
        ),
        # A relative rate that contradicts the split: an uploader of MiniMed 600 writes 2 for it.
        (
            {
                "eventType": "Combo Bolus",
                "insulin": 0.4,
                "enteredinsulin": 0.8,
                "splitNow": 50,
                "splitExt": 50,
                "relative": 2,
                "duration": 120,
            },
            [(0.4, 0), (0.4, 120)],
        ),
        # The whole dose in insulin.
        (
            {
                "eventType": "Combo Bolus",
                "insulin": 5.0,
                "enteredinsulin": 5.0,
                "splitNow": 60,
                "splitExt": 40,
                "duration": 60,
            },
            [(3.0, 0), (2.0, 60)],
        ),
        (
            {
                "eventType": "Combo Bolus",
                "enteredinsulin": 7.0,
                "splitNow": 0,
                "splitExt": 100,
                "relative": 14.0,
                "duration": 30,
                "durationInMilliseconds": 1_800_000,
                "app": "AAPS",
            },
            [(7.0, 30)],
        ),
        ({"eventType": "Combo Bolus", "insulin": 2.5, "enteredBy": "Pump (tconnectsync)"}, [(2.5, 0)]),
        (
            {
                "eventType": "Meal Bolus",
                "_dose": {"deliveredFastAmount": 2.0, "deliveredExtendedAmount": 1.5, "effectiveDuration": 60},
            },
            [(2.0, 0), (1.5, 60)],
        ),
        ({"eventType": "External Insulin", "insulin": 4.0}, [(4.0, 0)]),
        ({"eventType": "INSULIN", "insulin": "1,5"}, [(1.5, 0)]),
        ({"eventType": "Bolus", "amount": 1.5, "programmed": 1.5, "type": "normal"}, [(1.5, 0)]),
    ],
)
def test_a_bolus_is_given_at_once_or_spread(said: dict[str, Any], expected: list[tuple[float, float]]) -> None:
    pump = told(treatment(0, "", **said))
    assert sorted((dose, minutes) for _, dose, minutes in boluses(pump)) == sorted(expected)
    assert not pump.repairs


def test_an_extended_bolus_that_was_stopped_ends_there() -> None:
    combo = {"splitNow": 0, "splitExt": 100}
    pump = told(
        treatment(0, "Combo Bolus", enteredinsulin=4.0, relative=2.0, duration=120, **combo),
        treatment(30, "Combo Bolus", enteredinsulin=0, relative=0, duration=0, **combo),
    )
    assert boluses(pump) == [(0, 1.0, 30)]
    assert pump.repairs[RepairKind.extended_bolus_units_stopped] == 3.0


# --- times -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "when",
    [
        {"date": milliseconds(at(0))},
        {"date": milliseconds(at(0)) // 1000},
        {"created_at": milliseconds(at(0))},
        {"created_at": "2024-05-01T14:00:00+02:00"},
        {"created_at": "2024-05-01T12:00:00Z"},
        {"created_at": "2024-05-01 12:00", "date": milliseconds(at(0))},
        {"mills": milliseconds(at(0))},
    ],
)
def test_a_time_is_read_from_whichever_field_tells_it(when: dict[str, Any]) -> None:
    pump = told({"_id": "a", "eventType": "Meal Bolus", "insulin": 5.0, **when})
    assert boluses(pump) == [(0, 5.0, 0)]


# --- insulin that is no bolus ----------------------------------------------------------------------------------------


def injections(*listed: tuple[str, float]) -> str:
    return json.dumps([{"insulin": name, "units": units} for name, units in listed])


@pytest.mark.parametrize(
    ("said", "bolus", "repair", "units"),
    [
        (
            {"insulin": 30, "insulinInjections": injections(("NovoRapid", 8), ("Toujeo", 22))},
            8,
            "long_acting_units",
            22,
        ),
        ({"insulin": 22, "insulinInjections": [{"insulin": "Tresiba", "units": 22}]}, 0, "long_acting_units", 22),
        ({"insulin": 8, "insulinInjections": "[]"}, 8, None, 0),
        ({"insulin": 8, "insulinInjections": injections(("Some pen", 8))}, 8, None, 0),
        ({"insulin": 9, "insulinInjections": injections(("NovoMix 30", 9))}, 0, "unreadable_units", 9),
        ({"insulin": 20, "insulinType": "Lantus"}, 0, "long_acting_units", 20),
        ({"insulin": 2, "insulinType": "Fiasp"}, 2, None, 0),
        ({"insulin": 20, "isBasalInsulin": True}, 0, "long_acting_units", 20),
        ({"insulin": 20, "iCfg": {"insulinLabel": "Basaglar"}}, 0, "long_acting_units", 20),
        ({"insulin": 20, "notes": "Lantus 20 U"}, 0, "long_acting_units", 20),
        ({"insulin": 3, "notes": "forgot my Lantus again last night, so corrected"}, 3, None, 0),
        ({"insulin": 20, "notes": "Basal 20"}, 0, "long_acting_units", 20),
        ({"insulin": 20, "notes": "20 units long-acting"}, 0, "long_acting_units", 20),
        ({"insulin": 20, "notes": "Basalinsulin abends"}, 0, "long_acting_units", 20),
        ({"insulin": 20, "notes": "slow insulin (20u)"}, 0, "long_acting_units", 20),
        ({"insulin": 3, "notes": "basal too low, correcting"}, 3, None, 0),
        ({"insulin": 3, "notes": "20 units"}, 3, None, 0),
        ({"insulin": "20 U", "notes": "units in text"}, 0, "unreadable_units", 20),
        ({"insulin": 4, "created_at": "2024-05-01T12:00:00"}, 0, "unreadable_units", 4),
        ({"insulin": 20, "eventType": "Long Acting Insulin"}, 0, "long_acting_units", 20),
        (
            {
                "eventType": "Combo Bolus",
                "duration": 1080,
                "notes": "Lantus",
                "splitNow": "0",
                "splitExt": "100",
                "enteredinsulin": "12",
            },
            0,
            "long_acting_units",
            12,
        ),
        ({"insulin": 0.3, "eventType": "Site Change"}, 0, "priming_units", 0.3),
        ({"insulin": 7, "eventType": "Insulin Cartridge Change"}, 0, "priming_units", 7),
        ({"insulin": 0.5, "eventType": "Correction Bolus", "type": "PRIMING"}, 0, "priming_units", 0.5),
        ({"insulin": 2, "notes": "priming"}, 0, "priming_units", 2),
        ({"eventType": "Site Change", "bolus": record(0.3)}, 0, None, 0),
        ({"eventType": "Note", "_type": "Prime", "amount": 6.7, "fixed": 0}, 0, None, 0),
        ({"eventType": "Combo Bolus", "enteredinsulin": 6, "splitExt": 30, "duration": 60}, 0, "unreadable_units", 6),
        ({"eventType": "Meal Bolus", "insulin": 5, "created_at": "yesterday"}, 0, "unreadable_units", 5),
    ],
)
def test_insulin_that_is_no_bolus_is_counted(
    said: dict[str, Any], bolus: float, repair: str | None, units: float
) -> None:
    pump = told({**treatment(0, "<none>"), **said})
    assert pump.bolus.dose.sum() == bolus
    counted = [kind for kind, _ in pump.repairs if kind.endswith("_units")]
    assert counted == ([repair] if repair else [])
    assert not repair or pump.repairs[RepairKind(repair)] == units


def test_a_rate_of_an_event_that_nobody_knows_is_counted_and_beside_a_note_it_is_not() -> None:
    pump = told(
        treatment(0, "Basal Boost", duration=30, absolute=2.0),
        treatment(5, "Note", _type="BasalProfileStart", rate=1.2),
        entries=[reading(0), reading(5, type="sgx"), reading(10, type="mbg")],
    )
    assert pump.repairs.named == {
        (RepairKind.unreadable_rows, "Basal Boost"): 1.0,
        (RepairKind.unreadable_rows, "entries"): 1.0,
    }


def test_what_is_not_understood_is_named_with_its_units() -> None:
    pump = told(
        treatment(0, "Mystery Bolus", "a", insulin=-1),
        treatment(1, "Temp Basal", "b", duration=30, rate="much"),
        treatment(2, "Combo Bolus", "c", enteredinsulin=6, splitExt=30, duration=60),
    )
    assert pump.repairs.sentences() == [
        "rows or events of the source that could not be understood, left out: 3 "
        "(Mystery Bolus 1, Temp Basal 1, combo bolus without a split 1)",
        "U of insulin in those, as far as that can be seen: 6 (combo bolus without a split 6)",
    ]
    assert Repairs.from_text(pump.repairs.text()) == pump.repairs


# --- one delivery, uploaded twice ------------------------------------------------------------------------------------

NEARLY = 2 / 60


@pytest.mark.parametrize(
    "said",
    [
        {"pumpId": 123456789, "pumpSerial": "100001", "app": "AAPS"},
        {"bolus": record(1.9, id="AQBIAEgALgBoqEwPZZ=="), "enteredBy": "openaps://medtronic/754"},
        {"syncIdentifier": "74656d70", "enteredBy": "loop://iPhone"},
        {"pump_event_id": "1001,1002", "enteredBy": "Pump (tconnectsync)"},
        {"id": "74656d70", "enteredBy": "Trio"},
        {"NSCLIENT_ID": 1714564800000, "enteredBy": "openaps://AndroidAPS"},
    ],
)
def test_a_delivery_is_known_by_the_number_of_the_pump_or_app(said: dict[str, Any]) -> None:
    pump = told(
        treatment(0, "Bolus", "a", insulin=1.9, **said), treatment(NEARLY, "Meal Bolus", "b", insulin=1.9, **said)
    )
    assert pump.bolus.dose.sum() == pytest.approx(1.9)
    assert pump.repairs[RepairKind.repeated_delivery_units] == pytest.approx(1.9)


def test_of_two_documents_with_one_number_the_one_written_last_counts() -> None:
    said = {"pumpId": 7, "pumpSerial": "1"}
    pump = told(
        treatment(0, "Bolus", "a", insulin=1.4, srvModified=1_714_570_000_000, **said),
        treatment(NEARLY, "Bolus", "b", insulin=4.0, srvModified=1_714_560_000_000, **said),
    )
    assert pump.bolus.dose.tolist() == [1.4]


def test_two_uploaders_of_one_delivery_count_once() -> None:
    pump = told(
        treatment(0, "Meal Bolus", insulin=4.35, app="AAPS", pumpId=7),
        treatment(NEARLY, "<none>", insulin=4.35, enteredBy="xdrip"),
        treatment(300, "Meal Bolus", "late", insulin=4.35, enteredBy="xdrip"),
    )
    assert boluses(pump) == [(0, 4.35, 0), (300, 4.35, 0)]
    assert pump.repairs[RepairKind.repeated_delivery_units] == pytest.approx(4.35)


def test_equal_micro_boluses_of_one_uploader_all_count_and_those_of_a_second_none() -> None:
    one = [treatment(5 * n, "SMB", insulin=0.1, app="AAPS", pumpId=n + 1) for n in range(12)]
    other = [treatment(5 * n + NEARLY, "SMB", insulin=0.1, enteredBy="xdrip") for n in range(12)]
    assert len(told(*one).bolus) == 12
    assert [minute for minute, _, _ in boluses(told(*one, *other))] == [5 * n for n in range(12)]


def test_two_doses_are_two_where_one_uploader_says_so() -> None:
    pump = told(
        *[treatment(n * NEARLY, "Bolus", insulin=0.5, enteredBy="loop://a", syncIdentifier=str(n)) for n in (1, 2)]
    )
    assert pump.bolus.dose.sum() == 1.0


# --- not a unit lost or made up --------------------------------------------------------------------------------------

DOSES = st.integers(1, 600).map(lambda hundredths: hundredths / 100)
SAID = st.one_of(
    st.fixed_dictionaries(
        {"eventType": st.sampled_from(["Meal Bolus", "SMB", "Site Change", "Bolus"]), "insulin": DOSES}
    ),
    st.fixed_dictionaries(
        {"eventType": st.just("Bolus"), "insulin": DOSES, "insulinType": st.sampled_from(["Toujeo", "Fiasp"])}
    ),
    st.fixed_dictionaries(
        {
            "eventType": st.just("Combo Bolus"),
            "enteredinsulin": DOSES,
            "splitNow": st.just(30),
            "splitExt": st.just(70),
            "duration": st.integers(1, 300),
        }
    ),
    st.fixed_dictionaries(
        {"eventType": st.just("Meal Bolus"), "insulin": DOSES, "pumpId": st.integers(1, 4), "app": st.just("AAPS")}
    ),
    st.fixed_dictionaries({"eventType": st.just("Combo Bolus"), "enteredinsulin": DOSES, "splitExt": st.just(30)}),
)
COUNTED_OUTSIDE = (
    RepairKind.repeated_delivery_units,
    RepairKind.extended_bolus_units_stopped,
    RepairKind.long_acting_units,
    RepairKind.priming_units,
    RepairKind.unreadable_units,
)


@hypothesis_settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 600), SAID), max_size=12))
def test_every_unit_of_the_documents_is_in_the_records_or_counted(said: list[tuple[int, dict[str, Any]]]) -> None:
    documents = [treatment(minute, "", str(n), **one) for n, (minute, one) in enumerate(said)]
    pump = told(*documents, profiles=(), entries=[reading(5.0 * n, 100 + n % 50) for n in range(300)])
    stated = sum(one.get("insulin") or one.get("enteredinsulin") for _, one in said)
    outside = sum(pump.repairs[kind] for kind in COUNTED_OUTSIDE)
    assert pump.bolus.dose.sum() + outside == pytest.approx(stated, abs=1e-4)
    records, repairs = records_from_events(pump, 15)
    held = float(np.nansum(records.feature(Feature.bolus_dose)))
    left = repairs[RepairKind.insulin_outside_records]
    assert held + left == pytest.approx(float(pump.bolus.dose.sum()), abs=0.01)
