"""A public uploader of Nightscout's, tconnectsync, posts to the service, reads back unchanged, and removes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.service.browsing import Served, served
from tests.core.service.days import NOON, glucose_at, stamp

pytest.importorskip("tconnectsync", reason="tconnectsync is the extra tandem: pip install 'bloodtwin[tandem]'")

from tconnectsync.nightscout import NightscoutApi
from tconnectsync.parser.nightscout import (
    BASAL_EVENTTYPE,
    BASALSUSPENSION_EVENTTYPE,
    BOLUS_EVENTTYPE,
    IOB_ACTIVITYTYPE,
    NightscoutEntry,
)

PROFILE = {
    "defaultProfile": "Day",
    "startDate": stamp(NOON - 5 * 86_400),
    "mills": str((NOON - 5 * 86_400) * 1000),
    "units": "mg/dl",
    "store": {"Day": {"timezone": "Europe/Berlin", "basal": [{"time": "00:00", "timeAsSeconds": 0, "value": 0.8}]}},
}


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Served]:
    """At this machine's address, where tokens are needed all the same."""
    with served(tmp_path, lambda: float(NOON), tokens_always=True) as live:
        yield live


@pytest.fixture
def client(live: Served) -> NightscoutApi:
    anna = live.service.store.wearers.put("anna", "Europe/Berlin")
    return NightscoutApi(live.url, live.service.store.wearers.new_token(anna))


def unnamed(document: Any) -> Any:
    """Without the id that a site gives."""
    return {name: value for name, value in document.items() if name != "_id"}


def test_what_it_posts_it_reads_back_unchanged(client: NightscoutApi) -> None:
    readings = [
        NightscoutEntry.entry(sgv=int(glucose_at(second)), created_at=stamp(second))
        for second in range(NOON - 299 * 300, NOON + 1, 300)
    ]
    for reading in readings[-3:]:
        client.upload_entry(reading, entity="entries")
    assert unnamed(client.last_uploaded_bg_entry()) == readings[-1]
    assert unnamed(client.last_uploaded_bg_entry(time_end=stamp(NOON - 400))) == readings[-3]
    bolus = NightscoutEntry.bolus(3.5, 45, stamp(NOON - 900), notes="Meal", pump_event_id="81")
    basal = NightscoutEntry.basal(1.2, 30, stamp(NOON - 1800), pump_event_id="80")
    pause = NightscoutEntry.basalsuspension(stamp(NOON - 3600), reason="user suspended")
    for treatment in (bolus, basal, pause):
        client.upload_entry(treatment)
    for treatment, kind in ((bolus, BOLUS_EVENTTYPE), (basal, BASAL_EVENTTYPE), (pause, BASALSUSPENSION_EVENTTYPE)):
        assert unnamed(client.last_uploaded_entry(kind)) == treatment
        assert unnamed(client.last_uploaded_entry(kind, time_start=stamp(NOON - 86_400))) == treatment
    on_board = NightscoutEntry.iob(2.25, stamp(NOON))
    client.upload_entry(on_board, entity="activity")
    assert unnamed(client.last_uploaded_activity(IOB_ACTIVITYTYPE)) == on_board
    client.put_entry(PROFILE, "profile")
    assert unnamed(client.current_profile()) == PROFILE
    assert client.api_status()["status"] == "ok"


def test_what_it_posts_is_forecast_from(live: Served, client: NightscoutApi) -> None:
    readings = [
        NightscoutEntry.entry(sgv=int(glucose_at(second)), created_at=stamp(second))
        for second in range(NOON - 299 * 300, NOON + 1, 300)
    ]
    client.upload_entry(readings, entity="entries")
    client.upload_entry([NightscoutEntry.bolus(3.5, 45, stamp(NOON - 900), pump_event_id="81")])
    anna = live.service.store.wearers.named("anna")
    assert anna is not None
    outlook = live.service.desk.ask(anna).result(timeout=10).outlook
    assert outlook.forecast is not None


def test_statuses_of_another_device_than_its_own_are_not_told(client: NightscoutApi) -> None:
    assert client.last_uploaded_devicestatus() is None


def test_what_it_removes_is_gone(client: NightscoutApi) -> None:
    bolus = NightscoutEntry.bolus(3.5, 45, stamp(NOON - 900), pump_event_id="81")
    client.upload_entry(bolus)
    known = client.last_uploaded_entry(BOLUS_EVENTTYPE)
    client.delete_entry(f"treatments/{known['_id']}")
    assert client.last_uploaded_entry(BOLUS_EVENTTYPE) is None


def test_with_a_wrong_secret_it_is_told_so(live: Served) -> None:
    live.service.store.wearers.put("anna", "")
    with pytest.raises(Exception, match="401"):
        NightscoutApi(live.url, "wrong").upload_entry({"type": "sgv", "sgv": 100, "dateString": stamp(NOON)}, "entries")
