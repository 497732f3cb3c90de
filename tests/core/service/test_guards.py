"""What stands before every request: sizes, hosts, headers, rates, ages; nothing that is sent comes back as a page."""

import gzip
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.service.model import ModelInUse
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.web.app import application
from bloodtwin_core.service.web.guards.rates import Rates
from tests.core.service.conftest import StandingClock
from tests.core.service.days import NOON, reading, stamp

EVENTS = "/v1/wearers/anna/events"
HTML = "<script>alert(1)</script>"


def test_a_body_that_says_it_is_too_large_is_not_read(client: TestClient) -> None:
    answer = client.post(EVENTS, content=b"{}", headers={"content-length": str(100 * 2**20)})
    assert (answer.status_code, answer.json()["reason"]) == (413, "too_large")


def test_a_body_that_turns_out_too_large_is_refused(client: TestClient) -> None:
    parts = (b" " * 2**20 for _ in range(100))
    assert client.post(EVENTS, content=parts).status_code == 413


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd", "/page.js/../../running.py"],
)
def test_a_path_leads_nowhere_else(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "root:" not in answer.text


def test_html_in_a_name_is_no_page(client: TestClient) -> None:
    for answer in (
        client.get(f"/v1/wearers/{HTML}/forecast"),
        client.put(f"/v1/wearers/{HTML}", json={"zone": "UTC"}),
        client.put("/v1/wearers/anna", json={"zone": HTML}),
        client.post(EVENTS, json={HTML: 1}),
        client.post(EVENTS, json={"readings": [{**reading(NOON), "sensor": HTML}]}),
        client.get(f"/{HTML}"),
    ):
        assert answer.headers["content-type"].startswith("application/json")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_every_answer_has_the_headers(client: TestClient) -> None:
    for path in ("/", "/docs", "/openapi.json", "/healthz", "/nothing"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cache-control"] == "no-store"


def test_no_page_asks_for_anything_from_elsewhere(client: TestClient) -> None:
    for path in ("/", "/docs", "/page.js", "/page.css"):
        assert "//" not in client.get(path).text.replace("// ", "")


def test_a_foreign_name_of_this_machine_is_refused_without_tokens(client: TestClient) -> None:
    for host, status in (("evil.example", 421), ("127.0.0.1.evil.example", 421), ("", 421), ("localhost:8484", 200)):
        assert client.get("/v1/wearers", headers={"host": host}).status_code == status


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_another_sites_page_changes_nothing(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post(EVENTS, json={"readings": [reading(NOON)]}, headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (403, "foreign_origin")
    own = {"origin": "http://127.0.0.1:8484"}
    assert client.post(EVENTS, json={"readings": [reading(NOON)]}, headers=own).status_code == 200


def test_a_form_of_another_site_is_not_understood(client: TestClient) -> None:
    answer = client.post(EVENTS, content=b'{"readings": []}', headers={"content-type": "text/plain"})
    assert answer.status_code == 422


def test_who_asks_too_often_waits(tmp_path: Path, clock: StandingClock, base_model: ModelInUse) -> None:
    settings = ServiceSettings(store=str(tmp_path / "store"), most_requests_a_minute=20, survives_power_cut=False)
    with TestClient(application(Service(settings, clock, base_model)), base_url="http://127.0.0.1") as client:
        codes = [client.get("/v1/wearers").status_code for _ in range(12)]
        assert codes == [200] * 10 + [429] * 2
        assert int(client.get("/v1/wearers").headers["retry-after"]) >= 1


def test_rates_forget_whom_they_need_not_know() -> None:
    rates = Rates(60)
    for number in range(30_000):
        assert rates.wait(str(number)) == 0
    assert len(rates._buckets) <= 20_000


@pytest.mark.parametrize(
    ("second", "said"),
    [(NOON + 3600, "60 min in the future"), (NOON - 9 * 24 * 3600, "9 days old")],
)
def test_events_of_impossible_times_are_refused_and_nothing_is_kept(client: TestClient, second: int, said: str) -> None:
    answer = client.post(EVENTS, json={"readings": [reading(NOON), reading(second)]})
    [fault] = answer.json()["faults"]
    assert (answer.status_code, fault["where"]) == (422, "readings.1")
    assert said in fault["sentence"]
    assert client.get("/v1/wearers/anna/history").json()["readings"] == []


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"readings": [{"time": "2026-03-02T12:00:00", "glucose": 100}]}, "readings.0.time"),
        ({"readings": [{"time": stamp(NOON), "glucose": 5.5}]}, None),
        ({"readings": [{"time": stamp(NOON), "glucose": 0.5}]}, "readings.0"),
        ({"readings": [{"time": stamp(NOON), "glucose": "a"}]}, "readings.0.glucose"),
        ({"boluses": [{"time": stamp(NOON), "dose": 101}]}, "boluses.0.dose"),
        ({"basal": [{"time": stamp(NOON), "rate": -1}]}, "basal.0.rate"),
        ({"carbohydrates": [{"time": stamp(NOON), "grams": 1e9}]}, "carbohydrates.0.grams"),
        ({"readings": [{"time": "9999-12-31T23:59:59Z", "glucose": 100}]}, "readings.0"),
        ({"readings": [{"time": "0001-01-01T00:00:00Z", "glucose": 100}]}, "readings.0"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(
    client: TestClient, body: dict[str, object], where: str | None
) -> None:
    answer = client.post(EVENTS, json=body)
    if where is None:
        assert answer.status_code == 200
        return
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["where"] == where


def test_a_packed_body_is_not_unpacked(client: TestClient) -> None:
    bomb = gzip.compress(b" " * 2**24)
    answer = client.post(EVENTS, content=bomb, headers={"content-encoding": "gzip", "content-type": "application/json"})
    assert answer.status_code in (400, 422)
