"""Feeds pull from sites, clouds and growing files, wait longer after each failure, and say what they last heard."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.service.feeds.feed import Feed
from bloodtwin_core.service.feeds.of_service import feeds_of
from bloodtwin_core.service.feeds.writing import API_SECRET_VARIABLE
from bloodtwin_core.service.model import ModelInUse
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.store import EventKind
from bloodtwin_core.service.web.app import application
from tests.core.service.days import stamp
from tests.core.sources.servers.loopback import Answer, Asked, Fault
from tests.core.sources.servers.nightscout import NightscoutServer
from tests.core.sources.test_dexcom_share import Share, share

__all__ = ["share"]
NEWEST = int(time.time()) - 60
COUNT = 300


@pytest.fixture(autouse=True)
def _newest_is_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes may pass between the import of this file and a test."""
    monkeypatch.setitem(globals(), "NEWEST", int(time.time()) - 60)


def entry(second: int, glucose: int = 120) -> dict[str, Any]:
    return {"_id": f"e{second}", "type": "sgv", "sgv": glucose, "date": second * 1000, "dateString": stamp(second)}


class Site(NightscoutServer):
    def answer(self, asked: Asked) -> Answer:
        return Answer(body=[]) if asked.method == "POST" else super().answer(asked)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(speaks_v3=False, is_public=True) as site:
        site.entries = [entry(NEWEST - 300 * place, 120 + place % 5) for place in range(COUNT)]
        yield site


def service_with(tmp_path: Path, model: ModelInUse, **feed: Any) -> tuple[Service, Feed]:
    told = {"wearer": "anna", "every_seconds": 20.0, **feed}
    settings = ServiceSettings.model_validate(
        {"store": str(tmp_path / "store"), "survives_power_cut": False, "feeds": [told]}
    )
    service = Service(settings, model=model)
    service.store.wearers.put("anna", "Europe/Berlin")
    [made] = feeds_of(service)
    service.feeds = [made]
    return service, made


def test_a_site_is_pulled_and_forecast(tmp_path: Path, base_model: ModelInUse, site: Site) -> None:
    service, feed = service_with(tmp_path, base_model, source="nightscout", address=site.url)
    wait = feed.step()
    assert feed.state.trouble == ""
    assert feed.state.heard == NEWEST
    assert 200 < wait < 320  # Until the next reading is due.
    with TestClient(application(service), base_url="http://127.0.0.1") as client:
        told = client.get("/v1/wearers/anna/forecast").json()
        assert told["forecast"] is not None
        [shown] = client.get("/v1/wearers/anna/feeds").json()
        assert (shown["source"], shown["newest_event"]) == ("nightscout", stamp(NEWEST).replace("+00:00", "Z"))


def test_what_a_site_takes_back_is_gone(tmp_path: Path, base_model: ModelInUse, site: Site) -> None:
    service, feed = service_with(tmp_path, base_model, source="nightscout", address=site.url)
    bolus = {"_id": "b1", "eventType": "Meal Bolus", "insulin": 3.0, "created_at": stamp(NEWEST - 900)}
    site.treatments = [bolus]
    feed.step()
    told = service.store.events.between(1, EventKind.bolus, 0, NEWEST)
    assert [(row[0], row[1]) for row in told] == [(NEWEST - 900, 3.0)]
    received = service.store.events.received(1, EventKind.glucose, 0, NEWEST)
    site.treatments = []
    feed.step()
    assert service.store.events.between(1, EventKind.bolus, 0, NEWEST) == []
    assert service.store.events.received(1, EventKind.glucose, 0, NEWEST) == received
    service.close()


def test_a_site_in_trouble_is_asked_later_and_later(tmp_path: Path, base_model: ModelInUse, site: Site) -> None:
    service, feed = service_with(tmp_path, base_model, source="nightscout", address=site.url)
    site.fault = lambda _number, _asked: Fault.broken
    waits = [feed.step() for _ in range(3)]
    assert waits == [20.0, 40.0, 80.0]
    assert "could not be reached" in feed.state.trouble
    site.fault = lambda _number, _asked: None
    feed.step()
    assert (feed.state.trouble, feed.state.failures) == ("", 0)
    service.close()


def test_growing_files_are_read_again_when_they_grew(tmp_path: Path, base_model: ModelInUse) -> None:
    folder = tmp_path / "data" / "pump_7"
    folder.mkdir(parents=True)
    file = folder / "cgmreading_1.csv"
    rows = [f"{stamp(NEWEST - 300 * place)},{120 + place % 5},EGV" for place in range(COUNT)][::-1]
    file.write_text("\n".join(["timestamp,bg,event_type", *rows[:-1], ""]))
    service, feed = service_with(tmp_path, base_model, source="events", root=str(tmp_path / "data"))
    assert feed.step() <= 20
    assert feed.state.heard == NEWEST - 300
    with file.open("a") as growing:
        growing.write(rows[-1] + "\n")
    feed.step()
    assert feed.state.heard == NEWEST
    [wearer] = service.store.wearers.all()
    assert service.desk.ask(wearer).result().outlook.forecast is not None
    service.close()


def test_dexcom_share_is_pulled(tmp_path: Path, base_model: ModelInUse, share: Share) -> None:
    service, feed = service_with(tmp_path, base_model, source="dexcom_share")
    feed.step()
    assert feed.state.trouble == ""
    assert share.asked
    service.close()


def test_forecasts_are_written_to_the_site_only_where_that_is_asked_for(
    tmp_path: Path, base_model: ModelInUse, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, feed = service_with(tmp_path / "off", base_model, source="nightscout", address=site.url)
    feed.step()
    assert not [asked for asked in site.asked if asked.method == "POST"]
    service.close()
    told = {"source": "nightscout", "address": site.url, "writes_forecast": True}
    with pytest.raises(SettingsError, match="needs the site's API secret"):
        service_with(tmp_path / "no_secret", base_model, **told)
    monkeypatch.setenv(API_SECRET_VARIABLE, "my-long-api-secret-9d2e")
    service, feed = service_with(tmp_path / "on", base_model, **told)
    feed.step()
    feed.step()
    [written] = [asked for asked in site.asked if asked.method == "POST"]
    [document] = written.json()
    assert document["device"] == "bloodtwin"
    assert len(document["loop"]["predicted"]["values"]) == 13
    assert "my-long" not in str(written.headers)
    service.close()


@pytest.mark.parametrize(
    ("feed", "said"),
    [
        ({"source": "simulator"}, "tells no single events"),
        ({"source": "events"}, "lacks root"),
        ({"source": "dexcom_share", "address": "https://a.example"}, "reads none"),
        ({"source": "nowhere"}, "is not known"),
        ({"source": "nightscout", "wearer": "berta"}, "is of nobody"),
        ({"source": "dexcom_share", "settings": ["dexcom_share.region=moon"]}, "region"),
    ],
)
def test_a_feed_that_cannot_be_is_refused_in_words(
    tmp_path: Path, base_model: ModelInUse, feed: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        service_with(tmp_path, base_model, **feed)
