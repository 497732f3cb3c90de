"""What the page is told, for a reader with a unit, a clock and a screen."""

import re
from dataclasses import replace

import numpy as np
import pytest
from starlette.testclient import TestClient

from bloodtwin_core.service.feeds.state import FeedState
from bloodtwin_core.service.model import ModelInUse
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.showing.feed_words import feed_words
from bloodtwin_core.service.showing.looking import Reader, clock_of
from bloodtwin_core.service.store import StoredForecast
from bloodtwin_core.serving.alarm_rules import USUAL, AlarmRules
from bloodtwin_core.serving.alarms import AlarmRule
from tests.core.service.conftest import StandingClock
from tests.core.service.days import NOON, glucose_at, reading, readings, stamp

EVENTS, PAGE = "/v1/wearers/anna/events", "/v1/wearers/anna/page"
DAY = 24 * 3600
LOW = next(rule for rule in USUAL if rule.name == "low")


def test_a_page_is_in_the_readers_unit_and_on_the_wearers_clock(client: TestClient) -> None:
    client.post(EVENTS, json={"readings": readings()})
    told = client.get(PAGE, params={"unit": "mmol/L", "clock": "12", "hours": 3, "width": 358}).json()
    assert told["zone"] == "Europe/Berlin"
    assert told["reading"]["text"] == f"{glucose_at(NOON) / 18.0156:.1f}"
    assert told["reading"]["at"] == "1:00 PM"
    assert len(told["forecast"]["rows"]) == 12
    assert len(told["readings"]["rows"]) == 37
    assert 'viewBox="0 0 358 300"' in told["picture"]["svg"]
    assert told["shares"] == "50, 80 and 90 %"
    assert len(told["picture"]["points"]) == 37 + 12


def test_before_the_first_reading_a_page_says_so(client: TestClient) -> None:
    told = client.get(PAGE).json()
    assert told["reading"] is None
    assert (told["said"], told["alerts"], told["end"]) == ([], [], "")
    assert [why["reason"] for why in told["refusals"]] == ["no_reading"]


@pytest.mark.parametrize("asked", [{"width": 3}, {"hours": 100}, {"unit": "g/L"}, {"clock": "13"}, {"more": 1}])
def test_what_cannot_be_drawn_is_refused(client: TestClient, asked: dict[str, object]) -> None:
    assert client.get(PAGE, params=asked).status_code == 422


def test_an_alert_is_a_low_now_or_one_to_come(client: TestClient, clock: StandingClock) -> None:
    client.post(EVENTS, json={"readings": [*readings()[:-1], reading(NOON, 64.0)]})
    [alert] = client.get(PAGE).json()["alerts"]
    assert alert == {"rule": "low", "side": "below", "minutes": 0, "words": "Low: 64 mg/dL now"}
    falling = [reading(NOON - 300 * ago, 80.0 + 4 * ago) for ago in range(12)]
    client.post(EVENTS, json={"readings": falling})
    [alert] = client.get(PAGE).json()["alerts"]
    assert (alert["rule"], alert["minutes"]) == ("low", 60)
    assert "elow 70" in alert["words"]
    clock.second = NOON + 16 * 60
    assert client.get(PAGE).json()["alerts"] == []


def test_whoever_has_a_rule_of_their_own_is_warned_by_it(
    client: TestClient, base_model: ModelInUse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def alerts(**own: AlarmRule) -> list[str]:
        rules = AlarmRules(of_wearers={wearer: (rule,) for wearer, rule in own.items()})
        monkeypatch.setattr(base_model, "now", replace(base_model.now, alarms=rules))
        return [alert["rule"] for alert in client.get(PAGE).json()["alerts"]]

    falling = [reading(NOON - 300 * ago, 80.0 + 4 * ago) for ago in range(12)]
    client.post(EVENTS, json={"readings": [*readings()[:-12], *falling]})
    never = LOW.model_copy(update={"level": 0.95})
    assert alerts() == ["low"]
    assert alerts(anna=never) == []
    assert alerts(berta=never) == ["low"]


@pytest.mark.parametrize("own", [{"level": 0.06}, {"glucose": 75.0}])
def test_a_rule_rings_for_what_the_page_does_not_speak_of(
    own: dict[str, float], client: TestClient, base_model: ModelInUse, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = LOW.model_copy(update=own)
    falling = [reading(NOON - 300 * ago, 88.0 + 3 * ago) for ago in range(12)]
    client.post(EVENTS, json={"readings": [*readings()[:-12], *falling]})

    def ringing(level: float) -> list[str]:
        rules = AlarmRules(rules=(rule.model_copy(update={"level": level}),))
        monkeypatch.setattr(base_model, "now", replace(base_model.now, alarms=rules))
        return [alert["words"] for alert in client.get(PAGE).json()["alerts"]]

    assert [f"below {rule.glucose:g}" in words.lower() for words in ringing(0.06)] == [True]
    assert ringing(0.9) == []


def test_a_reading_of_another_day_says_of_which(client: TestClient, clock: StandingClock) -> None:
    client.post(EVENTS, json={"readings": readings()})
    clock.second = NOON + 30 * 3600
    told = client.get(PAGE).json()
    assert told["reading"]["at"] == "Monday 2 March, 13:00"
    assert told["as_of"] == "Tuesday 3 March, 19:00"
    assert told["readings"]["rows"] == []


def test_yesterday_is_the_wearers_calendar_day_against_no_change(
    client: TestClient, service: Service, clock: StandingClock
) -> None:
    client.post(EVENTS, json={"readings": readings(count=600)})
    clock.second = NOON + 60
    anna = service.store.wearers.named("anna")
    assert anna is not None
    midnight = NOON - NOON % DAY - 3600  # in Berlin, in winter
    for origin in (midnight - DAY - 300, midnight - DAY, midnight - 7200, midnight):
        true = [glucose_at(origin + 300 * (step + 1)) + 5.0 for step in range(12)]
        made = StoredForecast(origin, origin, "", (), (), np.array(true, dtype=np.float32), None)
        service.store.forecasts.put([(anna.number, made)])
    told = client.get(PAGE).json()
    assert told["yesterday"]["caption"] == "Sunday 1 March, mg/dL"
    rows = told["yesterday"]["rows"]
    assert [(row[0], row[1], row[4]) for row in rows] == [("30 min", "5", "2"), ("60 min", "5", "2")]


def test_feeds_say_what_they_last_heard(service: Service) -> None:
    anna = service.store.wearers.named("anna")
    assert anna is not None
    clock = clock_of(anna, Reader())
    states = [
        FeedState("anna", "nightscout", asked=NOON + 60.0, heard=NOON),
        FeedState("anna", "dexcom_share", trouble="no answer"),
    ]
    assert list(feed_words(states, clock)) == [
        "From nightscout: last heard of 13:00, asked at 13:01",
        "From dexcom_share: nothing heard yet. The last time failed: no answer",
    ]


def test_carbohydrates_and_insulin_stand_beside_the_reading_after_them(client: TestClient) -> None:
    events = {
        "readings": readings(),
        "boluses": [{"time": stamp(NOON - 400), "dose": 3.2}],
        "carbohydrates": [{"time": stamp(NOON - 380), "grams": 40}],
    }
    client.post(EVENTS, json=events)
    rows = client.get(PAGE).json()["readings"]["rows"]
    assert rows[1][2:] == ["40", "3.20"]
    assert rows[0][2:] == ["", ""]


def test_no_style_or_script_stands_in_the_page_itself(client: TestClient) -> None:
    client.post(EVENTS, json={"readings": readings()})
    html, svg = client.get("/").text, client.get(PAGE).json()["picture"]["svg"]
    assert not re.search(r"\sstyle=|\son\w+=|<style", html + svg)
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", html + svg)


def test_style_sheets_are_those_of_the_display_and_nothing_else(client: TestClient) -> None:
    assert "--bt-ink" in client.get("/look/dark.css").text
    for name in ("other", "__init__"):
        assert client.get(f"/look/{name}.css").status_code == 404
