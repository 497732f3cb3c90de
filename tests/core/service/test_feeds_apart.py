"""Feeds in a process of their own give the forecast that feeds of the service give, and take back what sources do."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from starlette.testclient import TestClient

from bloodtwin_core.cli.main import main
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.service.feeds.elsewhere import TOKEN_VARIABLE, feeds_to
from bloodtwin_core.service.feeds.feed import Feed
from bloodtwin_core.service.feeds.of_service import feeds_of
from bloodtwin_core.service.model import ModelInUse
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.store import EventKind
from tests.core.service.browsing import Served, served
from tests.core.service.days import NOON, reading, readings, stamp
from tests.core.service.test_feeds import Site, entry

COUNT = 300
EVENTS = "/v1/wearers/anna/events"


@pytest.fixture
def newest() -> int:
    return int(time.time()) - 60


@pytest.fixture
def site(newest: int) -> Iterator[Site]:
    with Site(speaks_v3=False, is_public=True) as site:
        site.entries = [entry(newest - 300 * place, 120 + place % 5) for place in range(COUNT)]
        basal = [{"time": "00:00", "timeAsSeconds": 0, "value": 0.8}]
        store = {"Day": {"timezone": "Europe/Berlin", "basal": basal}}
        site.profiles = [{"_id": "p", "defaultProfile": "Day", "startDate": stamp(newest - 9 * 86_400), "store": store}]
        site.treatments = [
            {"_id": "b1", "eventType": "Meal Bolus", "insulin": 3.0, "carbs": 30, "created_at": stamp(newest - 900)},
            {"_id": "t1", "eventType": "Temp Basal", "absolute": 2, "duration": 30, "created_at": stamp(newest - 4000)},
        ]
        yield site


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "service", time.time, tokens_always=True) as live:
        yield live


def apart(folder: Path, url: str, **feed: Any) -> Feed:
    settings = ServiceSettings.model_validate({"store": str(folder), "feeds": [{"wearer": "anna", **feed}]})
    [made] = feeds_to(url, settings, time.time)
    return made


def kept(service: Service, until: int) -> dict[str, Any]:
    [anna] = service.store.wearers.all()
    kinds = (EventKind.glucose, EventKind.basal, EventKind.bolus, EventKind.carbohydrates)
    return {kind: service.store.events.between(anna.number, kind, 0, until) for kind in kinds}


def test_a_feed_apart_tells_what_one_of_the_service_tells(
    tmp_path: Path, base_model: ModelInUse, live: Served, site: Site, newest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wearers = live.service.store.wearers
    monkeypatch.setenv(TOKEN_VARIABLE, wearers.new_token(wearers.put("anna", "")))
    feed = apart(tmp_path / "apart", live.url, source="nightscout", address=site.url)
    feed.step()
    assert feed.state.trouble == ""
    told = {"wearer": "anna", "source": "nightscout", "address": site.url}
    within = Service(
        ServiceSettings.model_validate({"store": str(tmp_path / "within"), "feeds": [told]}), model=base_model
    )
    within.store.wearers.put("anna", "")
    [own] = feeds_of(within)
    own.step()
    known = kept(live.service, newest)
    assert len(known[EventKind.glucose]) == COUNT
    assert [row[1] for row in known[EventKind.carbohydrates]] == [30.0]
    assert known == kept(within, newest)
    assert [wearer.zone for wearer in wearers.all()] == ["Europe/Berlin"]
    for service in (live.service, within):
        [anna] = service.store.wearers.all()
        assert service.desk.ask(anna).result(10).outlook.forecast is not None
    within.close()
    site.treatments = []
    feed.step()
    assert kept(live.service, newest)[EventKind.bolus] == []
    headers = {"Authorization": f"Bearer {os.environ[TOKEN_VARIABLE]}"}
    [shown] = requests.get(f"{live.url}/v1/wearers/anna/feeds", headers=headers, timeout=10).json()
    assert shown["newest_event"] == stamp(newest).replace("+00:00", "Z")


def test_a_service_that_refuses_or_is_away_is_told_and_asked_again(
    tmp_path: Path, live: Served, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.service.store.wearers.put("anna", "")
    monkeypatch.setenv(TOKEN_VARIABLE, "wrong")
    feed = apart(tmp_path / "apart", live.url, source="nightscout", address=site.url, every_seconds=20.0)
    assert feed.step() == 20.0
    assert "the service answered 401" in feed.state.trouble
    assert "wrong" not in feed.state.trouble.replace("wrong_token", "")
    away = apart(tmp_path / "apart", "http://127.0.0.1:9", source="nightscout", address=site.url)
    away.step()
    assert "does not answer" in away.state.trouble


def test_the_command_feeds_growing_files(tmp_path: Path, newest: int) -> None:
    folder = tmp_path / "data" / "pump_7"
    folder.mkdir(parents=True)
    rows = [f"{stamp(newest - 300 * place)},{120 + place % 5},EGV" for place in range(COUNT)][::-1]
    (folder / "cgmreading_1.csv").write_text("\n".join(["timestamp,bg,event_type", *rows, ""]))
    with served(tmp_path / "service", time.time) as live:
        anna = live.service.store.wearers.put("anna", "Europe/Berlin")
        command = [sys.executable, "-m", "bloodtwin_core.cli", "feed", "--to", live.url, "--wearer", "anna"]
        command += ["--feed", f"events={tmp_path / 'data'}", "--store", str(tmp_path / "apart")]
        feeding = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            deadline = time.monotonic() + 30
            while live.service.desk.ask(anna).result(10).outlook.forecast is None and time.monotonic() < deadline:
                time.sleep(0.2)
                live.service.engine.changed(anna)
            assert live.service.desk.ask(anna).result(10).outlook.forecast is not None
        finally:
            feeding.terminate()
        said, _ = feeding.communicate(timeout=20)
        assert said.startswith(f"events of anna to {live.url}")
        assert "Traceback" not in said


def test_what_a_source_tells_no_more_is_taken_back_and_others_stay(client: TestClient) -> None:
    client.post(EVENTS, json={"readings": readings(NOON - 1500, count=3)})
    since = {"since": stamp(NOON - 86_400), "zone": "Europe/Berlin"}
    ahead = {"readings": [reading(NOON), reading(NOON - 300), reading(NOON + 3600)], **since}
    assert client.put(f"{EVENTS}/a_site", json=ahead).json() == {"events": 2}
    assert client.put(f"{EVENTS}/a_site", json={"readings": [reading(NOON)], **since}).json() == {"events": 1}
    told = client.get("/v1/wearers/anna/history").json()["readings"]
    assert [row["time"] for row in told] == [
        stamp(second).replace("+00:00", "Z") for second in (NOON - 2100, NOON - 1800, NOON - 1500, NOON)
    ]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("a_site", {"since": stamp(NOON), "zone": "Moon/Base"}),
        ("a_site", {"since": stamp(NOON), "readings": [reading(NOON, 0.5)]}),
        ("a_site", {"readings": []}),
        ("%2e%2e", {"since": stamp(NOON)}),
    ],
)
def test_what_makes_no_sense_is_refused(client: TestClient, path: str, body: dict[str, Any]) -> None:
    assert client.put(f"{EVENTS}/{path}", json=body).status_code in (404, 405, 422)


def test_forecasts_are_written_to_a_site_by_the_service_alone(tmp_path: Path, site: Site) -> None:
    with pytest.raises(SettingsError, match="Let the service itself run that feed"):
        apart(tmp_path, "http://127.0.0.1:9", source="nightscout", address=site.url, writes_forecast=True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--to", "glucose.example", "--wearer", "anna", "--feed", "dexcom_share"), "is no address"),
        (("--to", "http://127.0.0.1:8484"), "there is no feed"),
        (("--to", "http://127.0.0.1:8484", "--feed", "dexcom_share"), "say of whom"),
    ],
)
def test_a_command_that_feeds_nobody_says_so(
    capsys: pytest.CaptureFixture[str], given: tuple[str, ...], said: str
) -> None:
    assert main(["feed", *given]) == 2
    assert said in capsys.readouterr().err
