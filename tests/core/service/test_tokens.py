"""Without a token, no entry; with one, nobody else's data; wrong ones are slowed."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.service.model import ModelInUse
from bloodtwin_core.service.running import Service, needs_token
from bloodtwin_core.service.store.wearers import sha1_of
from bloodtwin_core.service.web.app import application
from tests.core.service.conftest import StandingClock
from tests.core.service.days import readings

ASKED = ["/v1/wearers", "/v1/wearers/anna/forecast", "/v1/wearers/anna/stream", "/v1/model", "/metrics"]
ASKED += ["/api/v1/status.json", "/api/v1/entries.json", "/api/v1/experiments/test", "/v1/wearers/anna/history"]


@pytest.fixture
def open_service(tmp_path: Path, clock: StandingClock, base_model: ModelInUse) -> Service:
    """At an address that others can reach, with two wearers."""
    settings = ServiceSettings(store=str(tmp_path / "store"), address="0.0.0.0", survives_power_cut=False)
    service = Service(settings, clock, base_model)
    for name in ("anna", "berta"):
        service.store.wearers.put(name, "Europe/Berlin")
    return service


@pytest.fixture
def tokens(open_service: Service) -> dict[str, str]:
    wearers = open_service.store.wearers
    tokens = {wearer.name: wearers.new_token(wearer) for wearer in wearers.all()}
    [anna, _] = wearers.all()
    return {**tokens, "onlooker": wearers.new_token(anna, may_write=False)}


@pytest.fixture
def outside(open_service: Service) -> Iterator[TestClient]:
    with TestClient(application(open_service), base_url="http://glucose.example") as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.usefixtures("tokens")
@pytest.mark.parametrize("path", ASKED)
def test_without_a_token_there_is_no_entry(outside: TestClient, path: str) -> None:
    answer = outside.get(path)
    assert (answer.status_code, answer.json()["reason"]) == (401, "no_token")
    assert "www-authenticate" in answer.headers


def test_a_token_is_taken_in_each_of_its_forms(outside: TestClient, tokens: dict[str, str]) -> None:
    token = tokens["anna"]
    for headers in (bearer(token), {"api-secret": token}, {"api-secret": sha1_of(token)}):
        assert outside.get("/v1/wearers", headers=headers).json()["wearers"] == [
            {"name": "anna", "zone": "Europe/Berlin"}
        ]


def test_a_wearer_never_sees_another(outside: TestClient, tokens: dict[str, str]) -> None:
    outside.post("/v1/wearers/anna/events", json={"readings": readings()}, headers=bearer(tokens["anna"]))
    for path in ("forecast", "history", "past-forecasts", "stream"):
        assert outside.get(f"/v1/wearers/anna/{path}", headers=bearer(tokens["berta"])).status_code == 404
    assert outside.get("/api/v1/entries.json", headers=bearer(tokens["berta"])).json() == []
    sent = outside.post("/v1/wearers/anna/events", json={"readings": readings()}, headers=bearer(tokens["berta"]))
    assert sent.status_code == 404
    put = outside.put("/v1/wearers/anna", json={"zone": "UTC"}, headers=bearer(tokens["berta"]))
    assert put.status_code == 403


def test_an_onlooker_reads_and_does_not_write(outside: TestClient, tokens: dict[str, str]) -> None:
    headers = bearer(tokens["onlooker"])
    assert outside.get("/v1/wearers/anna/forecast", headers=headers).status_code == 200
    assert outside.post("/v1/wearers/anna/events", json={}, headers=headers).status_code == 403
    assert outside.post("/api/v1/entries", json=[], headers=headers).status_code == 401
    assert outside.get("/api/v1/experiments/test", headers=headers).status_code == 401


def test_wrong_tokens_are_slowed_more_and_more(outside: TestClient, tokens: dict[str, str]) -> None:
    took = []
    for number in range(3):
        begun = time.perf_counter()
        assert outside.get("/v1/wearers", headers=bearer(f"wrong{number}")).status_code == 401
        took.append(time.perf_counter() - begun)
    assert took[0] > 0.2
    assert took[2] > 0.9
    assert outside.get("/v1/wearers", headers=bearer(tokens["anna"])).status_code == 200


def test_no_token_is_kept(open_service: Service, tokens: dict[str, str]) -> None:
    kept = b"".join(path.read_bytes() for path in Path(open_service.settings.store).iterdir())
    for token in tokens.values():
        assert token.encode() not in kept
        assert sha1_of(token).encode() not in kept


def test_a_revoked_token_counts_no_more(outside: TestClient, open_service: Service, tokens: dict[str, str]) -> None:
    [anna, _] = open_service.store.wearers.all()
    open_service.store.wearers.revoke_tokens(anna)
    assert outside.get("/v1/wearers", headers=bearer(tokens["anna"])).status_code == 401


def test_the_page_gets_a_cookie_that_scripts_cannot_read(outside: TestClient, tokens: dict[str, str]) -> None:
    answer = outside.post("/v1/session", json={"token": tokens["anna"]})
    assert answer.status_code == 204
    assert {"HttpOnly", "SameSite=strict"} <= set(answer.headers["set-cookie"].split("; "))
    assert outside.get("/v1/wearers").status_code == 200
    assert outside.delete("/v1/session").status_code == 204
    assert outside.get("/v1/wearers").status_code == 401


def test_health_needs_no_token(outside: TestClient) -> None:
    assert outside.get("/healthz").status_code == outside.get("/readyz").status_code == 200


def test_an_open_address_without_any_token_is_refused(open_service: Service) -> None:
    with pytest.raises(SettingsError, match=r"nobody has a token.*bloodtwin wearers add"):
        open_service.require_tokens()
    open_service.close()


@pytest.mark.parametrize(
    ("settings", "needed"),
    [
        ({}, False),
        ({"address": "localhost"}, False),
        ({"address": "::1"}, False),
        ({"address": "192.168.1.5"}, True),
        ({"address": "::"}, True),
        ({"hosts": ["glucose.example"]}, True),
        ({"tokens_always": True}, True),
    ],
)
def test_who_needs_a_token(settings: dict[str, object], needed: bool) -> None:
    assert needs_token(ServiceSettings.model_validate(settings)) is needed
