"""The page in a browser: what it shows, how soon, to whom, and what it does not ask for."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.browsing import browser
from tests.core.service.browsing import Served, served
from tests.core.service.conftest import StandingClock
from tests.core.service.days import NOON, reading, readings, stamp

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

LATE_MINUTES = 16
"""After so long without a reading no forecast may start."""


def falling(until: int = NOON) -> list[dict[str, Any]]:
    """A day of readings that ends in an hour's fall to 78 mg/dL."""
    return [*readings()[:-12], *(reading(until - 300 * ahead, 78.0 + 5 * ahead) for ahead in reversed(range(12)))]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def time_shown() -> StandingClock:
    return StandingClock()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, time_shown: StandingClock) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("live"), time_shown) as live:
        for name in ("anna", "berta", "carl"):
            live.service.store.wearers.put(name, "Europe/Berlin")
        meal = [{"time": stamp(NOON - 5400), "grams": 45}]
        bolus = [{"time": stamp(NOON - 5400), "dose": 4.2}]
        live.post("anna", readings=falling(), carbohydrates=meal, boluses=bolus)
        live.post("berta", readings=readings(NOON - 60 * LATE_MINUTES))
        live.post("carl", readings=readings())
        yield live


@pytest.fixture(scope="module")
def anna(live: Served, chromium: Any) -> Any:
    return live.page(chromium, "anna")


def test_the_number_its_direction_and_the_low_to_come_are_said(anna: Any) -> None:
    assert anna.text_content("#number") == "78"
    assert anna.text_content("#level") == "in range"
    assert anna.text_content("#direction") == "falling slowly"
    assert anna.text_content("#said li").startswith("Below 70 in about ")
    assert " in " in anna.text_content("#said li").rpartition(",")[2]
    assert anna.text_content("#read-at") in ("13:00", "1:00 PM")  # in Berlin
    assert anna.text_content("#age") == "0 s ago"


def test_the_picture_holds_the_fan_the_target_range_insulin_and_carbohydrates(anna: Any) -> None:
    assert anna.locator("#picture .band").count() == 3
    assert anna.locator("#picture .target").count() == 1
    texts = anna.locator("#picture text").all_text_contents()
    assert {"4.2 U", "45 g", "70", "180"} <= set(texts)


def test_the_model_and_yesterday_are_told_of(anna: Any) -> None:
    assert "the base model that comes with bloodTwin" in anna.text_content("#model")
    assert "could be held against" in anna.text_content("#yesterday")


def test_a_screen_reader_is_told_in_a_sentence(anna: Any) -> None:
    assert anna.text_content("#summary").startswith("78 mg/dL, in range, falling slowly. Below 70 in about")


def test_the_picture_is_read_by_keyboard(anna: Any) -> None:
    slider = anna.locator("#scrub")
    slider.focus()
    anna.keyboard.press("Home")
    assert slider.get_attribute("aria-valuetext").endswith(" mg/dL")
    anna.keyboard.press("End")
    assert "forecast, 8 times in 10 between" in anna.text_content("#pointed")
    assert anna.locator(".pointer").count() == 1


def test_axe_finds_nothing_on_phone_and_desktop_in_light_and_dark(live: Served, chromium: Any) -> None:
    page = live.page(chromium, "anna", bypass_csp=True)
    page.check("[name=hours][value='3']", force=True)
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            # By night nothing but the colours is another.
            options = {"runOnly": ["color-contrast"]} if scheme == "dark" else {"resultTypes": ["violations"]}
            found = axe.Axe().run(page, options=options)
            assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


def test_what_has_no_forecast_says_why_and_shows_no_number_of_another_time(live: Served, chromium: Any) -> None:
    page = live.page(chromium, "berta")
    assert page.text_content("#reasons .refusal").startswith("No forecast. The last reading is 16 min old")
    assert page.text_content("#number") == "– –"
    assert page.text_content("#age") == "16 min ago"
    assert page.text_content("#read-at").startswith("Last ")
    assert not page.is_visible("#level")
    assert page.locator("#picture .band").count() == 0
    page.context.close()


def test_unit_and_colours_are_the_readers_and_are_remembered(live: Served, chromium: Any) -> None:
    page = live.page(chromium, "anna", color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.click("#settings summary")
    page.check("[name=unit][value='mmol/L']", force=True)
    page.check("[name=theme][value=dark]", force=True)
    page.check("[name=clock][value='12']", force=True)
    page.wait_for_selector("#number:text-is('4.3')")
    page.reload()
    page.wait_for_selector("#picture svg")
    assert page.text_content("#number") == "4.3"
    assert page.text_content("#read-at") == "1:00 PM"
    assert page.evaluate(ground) == "rgb(15, 20, 26)"
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    assert not page.is_visible("#settings")
    page.context.close()


def test_a_new_reading_is_drawn_within_a_second(live: Served, chromium: Any, time_shown: StandingClock) -> None:
    page = live.page(chromium, "carl")
    before = page.inner_html("#picture")
    time_shown.second = NOON + 300
    try:
        begun = time.monotonic()
        live.post("carl", readings=[reading(NOON + 300, 133.0)])
        page.wait_for_selector("#number:text-is('133')")
        took = time.monotonic() - begun
    finally:
        time_shown.second = NOON
    assert page.inner_html("#picture") != before
    assert took < 1.0
    page.context.close()


RINGS = """async () => {
  const { Bell } = await import("./js/ringer.js");
  const [minute, bell] = [60_000, new Bell()];
  const coming = [{ side: "below", minutes: 60, words: "" }];
  const now = [{ side: "below", minutes: 0, words: "" }];
  const ring = (alerts, ...times) => times.map((at) => bell.due(alerts, at * minute).length);
  const rung = [ring(coming, 0, 5, 55, 60), ring(now, 70, 75, 85), ring(coming, 90, 99, 101)];
  rung.push(ring([], 120), ring(coming, 150));
  bell.quiet(200 * minute);
  return [...rung, ring(now, 210, 229, 231)];
}"""
"""A low to come rings once an hour; one that came at once and every 15 minutes; over for 15, all begins anew."""


def test_it_rings_as_often_as_the_alarms_do_whose_worth_was_measured(anna: Any) -> None:
    assert anna.evaluate(RINGS) == [[1, 0, 0, 1], [1, 0, 1], [0, 0, 0], [0], [1], [0, 0, 1]]


def test_a_sound_that_is_switched_on_rings_with_words_and_can_be_quietened(live: Served, chromium: Any) -> None:
    page = live.page(chromium, "anna")
    page.click("#settings summary")
    page.check("[name=sound]")
    page.reload()
    page.wait_for_selector("#ringing:not([hidden])")
    assert page.text_content("#ringing-words").startswith("Below 70 in about")
    page.click("#quiet")
    assert not page.is_visible("#ringing")
    page.context.close()


def test_a_notification_that_is_allowed_tells_the_words(live: Served, chromium: Any) -> None:
    page = live.page(chromium, "anna", permissions=["notifications"])
    page.click("#settings summary")
    page.check("[name=notification]")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.wait_for_selector("#ringing:not([hidden])")
    shown = "async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((each) => each.body)"
    assert page.text_content("#choices-fault") == ""
    for _ in range(50):
        if told := page.evaluate(shown):
            break
        page.wait_for_timeout(50)
    assert told[0].startswith("Below 70 in about")
    page.context.close()


def test_nothing_is_asked_of_anybody_else_and_nothing_goes_wrong(live: Served, anna: Any) -> None:
    assert anna.title()
    assert live.asked
    assert [address for address in live.asked if not address.startswith(live.url)] == []
    assert live.faults == []
    policy = requests.get(live.url, timeout=5).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_token_is_asked_for_and_kept_from_scripts(
    chromium: Any, tmp_path_factory: pytest.TempPathFactory, time_shown: StandingClock
) -> None:
    with served(tmp_path_factory.mktemp("tokens"), time_shown, tokens_always=True) as live:
        token = live.service.store.wearers.new_token(live.service.store.wearers.put("dora", "Europe/Berlin"))
        page = chromium.new_context().new_page()
        page.goto(live.url)
        page.fill("#token", "wrong")
        page.press("#token", "Enter")
        page.wait_for_selector("#sign-in-fault:not(:empty)")
        page.fill("#token", token)
        page.press("#token", "Enter")
        page.wait_for_selector("#live:not([hidden])")
        assert page.evaluate("document.cookie") == ""
        page.context.close()
