"""LibreLinkUp, as pylibrelinkup speaks it, against a server on 127.0.0.1."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.config.sources import FetchSettings
from bloodtwin_core.sources.librelinkup import importer
from bloodtwin_core.sources.settings import data_settings
from tests.core.sources.servers.loopback import Answer, Asked, Fault, Loopback

library = pytest.importorskip("pylibrelinkup", reason="pylibrelinkup is not installed")

EMAIL, PASSWORD, SURNAME = "nobody@example.org", "not-a-real-password", "Testwearer"
START = datetime(2024, 5, 1, tzinfo=UTC)
ANNA, BEN = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def reading(place: int) -> Any:
    return SimpleNamespace(factory_timestamp=START + timedelta(minutes=5 * place), value_in_mg_per_dl=100.0 + place % 9)


class LinkUp(Loopback):
    def __init__(self) -> None:
        super().__init__()
        self.login: Any = None

    def answer(self, asked: Asked) -> Answer:
        if asked.path.endswith("/llu/auth/login"):
            if self.login is not None:
                return self.login if isinstance(self.login, Answer) else Answer(body=self.login)
            return Answer(body={"status": 0, "data": {}})
        people = [
            {"id": name, "patientId": name, "firstName": "A", "lastName": SURNAME, "country": "DE"}
            for name in (ANNA, BEN)
        ]
        return Answer(body={"status": 0, "data": people})


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[LinkUp]:
    monkeypatch.setenv(importer.EMAIL_VARIABLE, EMAIL)
    monkeypatch.setenv(importer.PASSWORD_VARIABLE, PASSWORD)
    client = library.PyLibreLinkUp
    monkeypatch.setattr(client, "graph", lambda _, name: [reading(n) for n in range(143 if name == ANNA else 10)])
    monkeypatch.setattr(client, "latest", lambda *_: reading(143))
    with LinkUp() as server:
        for region in library.APIUrl:
            monkeypatch.setattr(region, "_value_", f"{server.url}/{region.name.lower()}")
        yield server


@pytest.fixture
def logged_in(cloud: LinkUp, monkeypatch: pytest.MonkeyPatch) -> LinkUp:
    """The login's long answer is left to the library's own tests."""
    monkeypatch.setattr(library.PyLibreLinkUp, "authenticate", lambda _: None)
    return cloud


def settings(root: Path, pump_ids: tuple[str, ...] = (), **own: Any) -> Any:
    quick = FetchSettings(first_wait_seconds=0.0, attempts=3, timeout_seconds=5.0)
    return data_settings(source="librelinkup", root=str(root), fetch=quick, pump_ids=list(pump_ids), librelinkup=own)


@pytest.mark.usefixtures("logged_in")
def test_everybody_who_is_followed_is_kept_under_an_id_and_no_name(tmp_path: Path) -> None:
    reports = importer.sync(settings(tmp_path))
    assert [(each.pump_id, each.new) for each in reports] == [(ANNA, 144), (BEN, 11)]
    found = list(importer.events(settings(tmp_path, time_zone="Europe/Paris")))
    assert (str(found[0].glucose.times[0]), found[0].glucose.glucose[0]) == ("2024-05-01T00:00:00", 100.0)
    assert (len(found[0].bolus), len(found[0].basal), found[0].wearer_zone) == (0, 0, "Europe/Paris")
    assert SURNAME not in "".join(str(path) for path in tmp_path.rglob("*"))


@pytest.mark.usefixtures("logged_in")
def test_wearers_are_chosen_by_pump_ids(tmp_path: Path) -> None:
    assert [each.pump_id for each in importer.sync(settings(tmp_path, (BEN,)))] == [BEN]
    with pytest.raises(DataError, match="pump 7 is not in the account"):
        importer.sync(settings(tmp_path, ("7",)))


def test_a_busy_cloud_is_asked_again(logged_in: LinkUp, tmp_path: Path) -> None:
    logged_in.fault = lambda number, _: Fault.too_many if number == 1 else None
    assert len(importer.sync(settings(tmp_path))) == 2


def test_a_cloud_that_knows_the_right_region_is_followed(cloud: LinkUp, tmp_path: Path) -> None:
    cloud.login = {"status": 0, "data": {"redirect": True, "region": "de"}}
    with pytest.raises((SettingsError, DataError)):
        importer.sync(settings(tmp_path))
    assert [asked.path for asked in cloud.asked] == ["/eu/llu/auth/login", "/de/llu/auth/login"]


@pytest.mark.parametrize(
    ("login", "said"),
    [
        ({"status": 2, "error": {"message": "notAuthenticated"}}, "refused the e-mail address or the password"),
        (Answer(401, {"message": "no"}), "refused the e-mail address or the password"),
        ({"status": 4, "data": {"step": {"type": "tou"}}}, "waits for its terms"),
        ({"status": 4, "data": {"step": {"type": "verifyEmail"}}}, "waits for its terms"),
    ],
)
def test_a_refused_login_says_what_to_do_and_shows_no_secret(
    cloud: LinkUp, tmp_path: Path, caplog: pytest.LogCaptureFixture, login: Any, said: str
) -> None:
    cloud.login = login
    with caplog.at_level(logging.DEBUG), pytest.raises(SettingsError, match=said) as caught:
        importer.sync(settings(tmp_path))
    assert len(cloud.asked) == 1
    assert PASSWORD not in caplog.text + str(caught.value)
    assert EMAIL not in caplog.text + str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("answer", [Answer(404, "gone"), Answer(200, "<html>"), Answer(200, json.dumps(["?"]))])
def test_nonsense_is_refused_in_words(logged_in: LinkUp, tmp_path: Path, answer: Answer) -> None:
    logged_in.answer = lambda _: answer  # type: ignore[method-assign]
    with pytest.raises(DataError, match="pylibrelinkup does not understand"):
        importer.sync(settings(tmp_path))


@pytest.mark.usefixtures("logged_in")
def test_the_library_has_its_own_sessions_back_afterwards(tmp_path: Path) -> None:
    import pylibrelinkup.pylibrelinkup as module
    import requests

    importer.sync(settings(tmp_path))
    assert module.requests is requests
