"""Dexcom Share, as pydexcom speaks it, against a server on 127.0.0.1."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.config.sources import FetchSettings
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.records import Feature
from bloodtwin_core.sources.dexcom_share import importer
from bloodtwin_core.sources.settings import data_settings
from tests.core.sources.servers.loopback import Answer, Asked, Fault, Loopback

pydexcom = pytest.importorskip("pydexcom", reason="pydexcom is not installed")
const = pytest.importorskip("pydexcom.const")

NAME, PASSWORD = "a-wearer", "not-a-real-password"
START = 1_714_521_600
UUID = "12345678-1234-1234-1234-1234567890ab"


def reading(place: int, glucose: Any = None) -> dict[str, Any]:
    moment = f"Date({(START + 300 * place) * 1000}+0100)"
    return {
        "WT": moment,
        "ST": moment,
        "DT": moment,
        "Value": 100 + place % 9 if glucose is None else glucose,
        "Trend": "Flat",
    }


class Share(Loopback):
    def __init__(self) -> None:
        super().__init__()
        self.readings: Any = [reading(place) for place in range(287, -1, -1)]
        self.password = PASSWORD

    def answer(self, asked: Asked) -> Answer:
        if "ReadPublisherLatestGlucoseValues" in asked.path:
            return Answer(body=self.readings)
        if asked.json()["password"] != self.password:
            return Answer(500, {"Code": "AccountPasswordInvalid", "Message": "Publisher account password failed"})
        return Answer(body=f'"{UUID}"')


@pytest.fixture
def share(monkeypatch: pytest.MonkeyPatch) -> Iterator[Share]:
    monkeypatch.setenv(importer.USERNAME_VARIABLE, NAME)
    monkeypatch.setenv(importer.PASSWORD_VARIABLE, PASSWORD)
    with Share() as server:
        for region in const.Region:
            monkeypatch.setitem(const.DEXCOM_BASE_URLS, region, f"{server.url}/{region.value}/")
        yield server


def settings(root: Path, **own: Any) -> Any:
    quick = FetchSettings(first_wait_seconds=0.0, attempts=3, timeout_seconds=5.0)
    return data_settings(source="dexcom_share", root=str(root), fetch=quick, dexcom_share=own)


@pytest.mark.usefixtures("share")
def test_the_last_day_is_kept_and_read_back_in_utc(tmp_path: Path) -> None:
    (report,) = importer.sync(settings(tmp_path))
    assert (report.pump_id, report.new, report.total) == ("dexcom", 288, 288)
    (found,) = importer.events(settings(tmp_path, time_zone="Europe/Berlin"))
    assert (str(found.glucose.times[0]), found.glucose.glucose[0]) == ("2024-05-01T00:00:00", 100.0)
    assert found.wearer_zone == "Europe/Berlin"


def test_a_history_grows_with_every_fetch(share: Share, tmp_path: Path) -> None:
    importer.sync(settings(tmp_path))
    share.readings = [reading(place) for place in range(300, 200, -1)]
    (report,) = importer.sync(settings(tmp_path))
    assert (report.new, report.total) == (13, 301)


@pytest.mark.usefixtures("share")
def test_insulin_is_unknown(tmp_path: Path) -> None:
    importer.sync(settings(tmp_path))
    (found,) = importer.events(settings(tmp_path))
    records, _ = records_from_events(found, max_gap_hours=15.0)
    assert np.isnan(records.feature(Feature.bolus_dose)).all()
    assert np.isnan(records.feature(Feature.basal_rate)).all()


def test_the_region_chooses_the_cloud(share: Share, tmp_path: Path) -> None:
    importer.sync(settings(tmp_path, region="ous"))
    assert all(asked.path.startswith("/ous/") for asked in share.asked)


def test_a_wrong_password_is_tried_once_and_never_shown(
    share: Share, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    share.password = "another"
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(SettingsError, match="refused the name or the password") as caught,
    ):
        importer.sync(settings(tmp_path))
    assert len(share.asked) == 1
    assert PASSWORD not in caplog.text + str(caught.value)
    assert caught.value.__context__ is None


def test_a_busy_cloud_is_asked_again(share: Share, tmp_path: Path) -> None:
    share.fault = lambda number, _: Fault.unavailable if number in (1, 3) else None
    (report,) = importer.sync(settings(tmp_path))
    assert report.new == 288


@pytest.mark.parametrize("told", [{"what": "is this"}, [{"DT": "yesterday"}], "<html>", [reading(0, "high")]])
def test_an_answer_that_makes_no_sense_is_refused_and_keeps_what_is_there(
    share: Share, tmp_path: Path, told: Any
) -> None:
    importer.sync(settings(tmp_path))
    share.readings = told
    with pytest.raises(DataError, match="pydexcom does not understand"):
        importer.sync(settings(tmp_path))
    (found,) = importer.events(settings(tmp_path))
    assert len(found.glucose) == 288


def test_no_readings_are_no_error(share: Share, tmp_path: Path) -> None:
    share.readings = []
    (report,) = importer.sync(settings(tmp_path))
    assert (report.new, report.total, report.first) == (0, 0, None)


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(importer.USERNAME_VARIABLE, raising=False)
    with pytest.raises(SettingsError, match=importer.USERNAME_VARIABLE):
        importer.sync(settings(tmp_path))
    with pytest.raises(SettingsError, match=r"data\.root"):
        importer.sync(data_settings(source="dexcom_share"))
    with pytest.raises(SettingsError, match=r"data\.dexcom_share\.time_zone"):
        importer.sync(settings(tmp_path, time_zone="Mars"))
    with pytest.raises(DataError, match="no events have been fetched"):
        list(importer.events(settings(tmp_path)))


@pytest.mark.usefixtures("share")
def test_a_missing_library_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(importer, "import_module", absent)
    with pytest.raises(SettingsError, match=r"pip install 'bloodtwin\[dexcom-share\]'"):
        importer.sync(settings(tmp_path))
