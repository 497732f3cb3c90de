"""Readings go in as JSON, and the coming hour comes out."""

from starlette.testclient import TestClient

from bloodtwin_core.service.running import Service
from tests.core.service.conftest import StandingClock
from tests.core.service.days import NOON, readings, stamp

EVENTS, FORECAST = "/v1/wearers/anna/events", "/v1/wearers/anna/forecast"


def test_a_day_of_readings_is_forecast(client: TestClient) -> None:
    kept = client.post(EVENTS, json={"readings": readings()})
    assert (kept.status_code, kept.json()) == (200, {"events": 300, "changed": 300, "outlook": None})
    told = client.get(FORECAST).json()
    assert told["refusals"] == []
    assert told["reading"] == {"time": "2026-03-02T12:00:00Z", "glucose": readings()[-1]["glucose"]}
    forecast = told["forecast"]
    assert forecast["origin"] == "2026-03-02T12:00:00Z"
    assert len(forecast["times"]) == len(forecast["glucose"]) == 12
    assert all(20 <= glucose <= 600 for glucose in forecast["glucose"])


def test_what_is_sent_twice_changes_nothing(client: TestClient) -> None:
    client.post(EVENTS, json={"readings": readings()})
    first = client.get(FORECAST).json()
    assert client.post(EVENTS, json={"readings": readings()}).json()["changed"] == 0
    assert client.get(FORECAST).json() == first


def test_an_old_reading_is_no_start(client: TestClient, clock: StandingClock) -> None:
    client.post(EVENTS, json={"readings": readings()})
    clock.second = NOON + 16 * 60
    told = client.get(FORECAST).json()
    assert told["forecast"] is None
    assert [why["reason"] for why in told["refusals"]] == ["reading_old"]


def test_without_readings_there_is_no_forecast(client: TestClient) -> None:
    assert [why["reason"] for why in client.get(FORECAST).json()["refusals"]] == ["no_reading"]


def test_where_somebody_lives_counts_at_once(service: Service, client: TestClient) -> None:
    service.store.wearers.put("berta", "")
    client.post("/v1/wearers/berta/events", json={"readings": readings()})
    assert [why["reason"] for why in client.get("/v1/wearers/berta/forecast").json()["refusals"]] == ["zone_unknown"]
    client.put("/v1/wearers/berta", json={"zone": "Europe/Berlin"})
    assert client.get("/v1/wearers/berta/forecast").json()["refusals"] == []


def test_nobody_is_found_by_another_name(client: TestClient) -> None:
    assert client.get("/v1/wearers/berta/forecast").status_code == 404


def test_the_page_and_its_files_come_from_the_package(client: TestClient) -> None:
    for path in ("/", "/js/start.js", "/page.css", "/look/light.css"):
        assert client.get(path).status_code == 200


def test_what_a_pump_tells_after_a_reading_does_not_move_the_forecast_on(
    client: TestClient, clock: StandingClock
) -> None:
    client.post(EVENTS, json={"readings": readings()})
    before = client.get(FORECAST).json()["forecast"]
    clock.second = NOON + 59
    client.post(EVENTS, json={"basal": [{"time": stamp(NOON + 20), "rate": 1.1}]})
    assert client.get(FORECAST).json()["forecast"] == before
