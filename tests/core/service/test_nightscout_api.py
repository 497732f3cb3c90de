"""Nightscout's clients post and read back, and what they post is forecast as the source Nightscout would read it."""

import json
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from bloodtwin_core.service.running import Service
from bloodtwin_core.service.store import EventKind
from tests.core.service.conftest import StandingClock
from tests.core.service.days import NOON, glucose_at, stamp

PROFILE = {
    "_id": "65f000000000000000000001",
    "defaultProfile": "Default",
    "startDate": stamp(NOON - 5 * 24 * 3600),
    "store": {"Default": {"timezone": "Europe/Berlin", "basal": [{"time": "00:00", "timeAsSeconds": 0, "value": 0.8}]}},
}


def xdrip_entry(second: int) -> dict[str, Any]:
    """As xDrip+ writes it."""
    when = stamp(second).replace("+00:00", ".000+0000")
    return {
        "device": "xDrip-DexcomG5",
        "date": second * 1000,
        "dateString": when,
        "sgv": int(glucose_at(second)),
        "delta": -1.5,
        "direction": "Flat",
        "type": "sgv",
        "filtered": 140000,
        "unfiltered": 141000,
        "rssi": 100,
        "noise": 1,
        "sysTime": when,
    }


def entries(count: int = 300) -> list[dict[str, Any]]:
    return [xdrip_entry(NOON - 300 * place) for place in range(count)][::-1]


def temp_basal(second: int, rate: float, minutes: float = 30) -> dict[str, Any]:
    """As Loop writes it."""
    return {
        "eventType": "Temp Basal",
        "created_at": stamp(second).replace("+00:00", "Z"),
        "absolute": rate,
        "rate": rate,
        "duration": minutes,
        "syncIdentifier": f"temp-{second}",
        "enteredBy": "loop://iPhone",
    }


def test_a_day_of_entries_is_forecast_and_read_back_unchanged(client: TestClient) -> None:
    sent = entries()
    answer = client.post("/api/v1/entries", json=sent)
    assert answer.status_code == 200
    assert len(answer.json()) == len(sent)
    back = client.get("/api/v1/entries.json?count=300").json()
    assert [{name: value for name, value in entry.items() if name != "_id"} for entry in back] == sent[::-1]
    assert client.get("/v1/wearers/anna/forecast").json()["forecast"] is not None


def test_an_entry_sent_again_stands_once(client: TestClient) -> None:
    ids = [client.post("/api/v1/entries", json=entries(3)).json() for _ in range(2)]
    assert ids[0] == ids[1]
    assert len(client.get("/api/v1/entries.json?count=100").json()) == 3


def test_a_revised_entry_replaces_the_reading(client: TestClient) -> None:
    client.post("/api/v1/entries", json=entries())
    [newest] = client.get("/api/v1/entries/current.json").json()
    client.put("/api/v1/entries", json={**newest, "sgv": 222})
    assert client.get("/v1/wearers/anna/forecast").json()["reading"]["glucose"] == 222


def test_our_forecast_is_a_curve_of_loop(client: TestClient) -> None:
    client.post("/api/v1/entries", json=entries())
    [status] = client.get("/api/v1/devicestatus.json?count=1").json()
    predicted = status["loop"]["predicted"]
    assert predicted["startDate"] == "2026-03-02T12:00:00.000Z"
    assert predicted["values"][0] == int(glucose_at(NOON))
    forecast = client.get("/v1/wearers/anna/forecast").json()["forecast"]
    assert np.allclose(predicted["values"][1:], forecast["glucose"], atol=0.01)


def test_loops_own_status_stands_behind_it(client: TestClient) -> None:
    status = {"device": "loop://iPhone", "created_at": stamp(NOON), "pump": {"suspended": False}}
    assert client.post("/api/v1/devicestatus", json=[status]).json()[0]["_id"]
    client.post("/api/v1/entries", json=entries())
    devices = [one["device"] for one in client.get("/api/v1/devicestatus?count=5").json()]
    assert devices == ["bloodtwin", "loop://iPhone"]


def test_temporary_rates_lie_over_the_profile(client: TestClient, service: Service) -> None:
    client.post("/api/v1/entries", json=entries())
    client.post("/api/v1/profile", json=[PROFILE])
    client.post("/api/v1/treatments", json=[temp_basal(NOON - 3600, 2.0)])
    told = service.store.events.between(1, EventKind.basal, NOON - 7200, NOON)
    assert [(second - NOON, value) for second, value, *_ in told][-2:] == [(-3600, 2.0), (-1800, 0.8)]
    wanted = {"eventType": "Temp Basal", "rate": 2.0}
    [back] = client.get("/api/v1/treatments.json").json()
    assert wanted.items() <= back.items()


def test_a_bolus_that_is_deleted_is_gone(client: TestClient, service: Service) -> None:
    client.post("/api/v1/entries", json=entries())
    bolus = {"eventType": "Meal Bolus", "created_at": stamp(NOON - 600), "insulin": 4.2, "carbs": 40, "uuid": "a-1"}
    [made] = client.put("/api/v1/treatments", json=bolus).json()
    assert [row[1] for row in service.store.events.between(1, EventKind.bolus, 0, NOON)] == [4.2]
    assert [row[1] for row in service.store.events.between(1, EventKind.carbohydrates, 0, NOON)] == [40.0]
    found = client.get("/api/v1/treatments.json", params={"find[uuid]": "a-1"}).json()
    assert [document["_id"] for document in found] == [made["_id"]]
    assert client.delete(f"/api/v1/treatments/{made['_id']}").json() == {"n": 1, "ok": 1}
    assert service.store.events.between(1, EventKind.bolus, 0, NOON) == []


def test_a_profile_comes_into_force_without_anything_new(
    client: TestClient, service: Service, clock: StandingClock
) -> None:
    steps = [{"time": "00:00", "value": 0.5}, {"time": "15:00", "value": 1.5}]
    profile = {**PROFILE, "store": {"Default": {"timezone": "Europe/Berlin", "basal": steps}}}
    client.post("/api/v1/entries", json=entries())
    client.post("/api/v1/profile", json=[profile])
    clock.second = NOON + 4 * 3600  # 17:00 in Berlin.
    told = service.store.events.between(1, EventKind.basal, 0, int(clock.second))
    assert told[-1][1] == 1.5


def test_one_of_several_values_is_found(client: TestClient) -> None:
    client.post("/api/v1/entries", json=entries(20))
    wanted = [str((NOON - 300 * place) * 1000) for place in (0, 3)]
    found = client.get("/api/v1/entries.json", params={"find[date][$in][]": wanted}).json()
    assert [str(entry["date"]) for entry in found] == wanted


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ({"find[date][$gte]": str((NOON - 600) * 1000), "count": "9"}, [0, 1, 2]),
        ({"find[dateString][$lt]": stamp(NOON - 300), "count": "2"}, [2, 3]),
        ({"find[sgv]": str(int(glucose_at(NOON))), "count": "1"}, [0]),
        ({"find[type]": "mbg"}, []),
        ({"find[device][$in]": "other|xDrip-DexcomG5", "count": "1"}, [0]),
    ],
)
def test_entries_are_found(client: TestClient, query: dict[str, str], places: list[int]) -> None:
    client.post("/api/v1/entries", json=entries(20))
    found = client.get("/api/v1/entries.json", params=query).json()
    assert [entry["date"] // 1000 for entry in found] == [NOON - 300 * place for place in places]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "no JSON"),
        (b"[1]", "document 1 is no document"),
        (b'[{"sgv": 100}]', "document 1 has no time"),
        (b'[{"sgv": NaN, "date": 1}]', "no JSON"),
        (b'[{"sgv": 100, "date": 1e400}]', "has no time"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_what_is_no_document_is_refused_in_words(client: TestClient, body: bytes, said: str) -> None:
    answer = client.post("/api/v1/entries", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert said in answer.json()["sentence"]


def test_entries_of_the_future_are_refused_and_the_outlook_says_why(client: TestClient) -> None:
    late = [xdrip_entry(NOON - 300 * place - 3600) for place in range(300)]
    assert client.post("/api/v1/entries", json=late).status_code == 200
    answer = client.post("/api/v1/entries", json=[xdrip_entry(NOON + 3600)])
    assert answer.status_code == 422
    assert "60 min in the future" in answer.json()["sentence"]
    [why] = client.get("/v1/wearers/anna/forecast").json()["refusals"]
    assert why["reason"] == "clock_off"


def test_a_condition_that_is_not_understood_is_refused(client: TestClient) -> None:
    answer = client.get("/api/v1/entries.json", params={"find[sgv][$where]": "1"})
    assert answer.status_code == 422
    assert "not understood" in answer.json()["sentence"]


def test_status_and_secret_are_answered(client: TestClient) -> None:
    assert client.get("/api/v1/status.json").json()["status"] == "ok"
    assert client.get("/api/v1/experiments/test").json() == {"status": "ok"}
    assert json.loads(client.get("/api/v1/profile/current").content) is None
