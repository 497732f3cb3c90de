"""What is drawn of a forecast: right places, right unit, right clock, and nothing of what a name might smuggle in."""

import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from bloodtwin_core.display import Band, ForecastView, fan, page, picture, table
from bloodtwin_core.display.clock import WearerClock
from bloodtwin_core.display.doses import Amounts, Doses
from bloodtwin_core.display.scale import Scale
from bloodtwin_core.display.svg import Frame
from bloodtwin_core.records import RECORD_INTERVAL
from bloodtwin_core.records.glucose_units import MG_PER_DL_PER_MMOL_PER_L, GlucoseUnit

ORIGIN = np.datetime64("2026-03-29T00:30:00", "s")
BERLIN = WearerClock(ZoneInfo("Europe/Berlin"))
NASTY = "</title><script>alert(1)</script>&\"'"


def view(
    pump_id: str = "anna", unit: GlucoseUnit = GlucoseUnit.mg_dl, clock: WearerClock = BERLIN, level: float = 150.0
) -> ForecastView:
    """Glucose that fell from 210 to level and is forecast to go on to level - 24."""
    steps = np.arange(1, 13)
    glucose = (level - 2.0 * steps).astype(np.float32)
    history = np.linspace(210.0, level, 48).astype(np.float32)
    history[10:14] = np.nan
    bands = tuple(Band(share, glucose - wide * steps, glucose + wide * steps) for share, wide in ((0.9, 4), (0.5, 1)))
    return ForecastView(
        pump_id=pump_id,
        origin=ORIGIN,
        history_times=ORIGIN - RECORD_INTERVAL * np.arange(48)[::-1],
        history=history,
        times=ORIGIN + RECORD_INTERVAL * steps,
        glucose=glucose,
        bands=bands,
        unit=unit,
        clock=clock,
        about=f"{NASTY} model",
    )


class Seen(HTMLParser):
    """The tags and the words of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def test_a_table_says_each_step_in_the_unit_asked_for() -> None:
    shown = table(view()).splitlines()
    assert len(shown) == 13
    assert shown[0].split() == ["time", "min", "mg/dL", "50%", "between", "90%", "between"]
    assert shown[6].split() == ["03:00", "30", "138", "132", "to", "144", "114", "to", "162"]
    mmol = table(view(unit=GlucoseUnit.mmol_l), every=6).splitlines()
    assert len(mmol) == 3
    assert mmol[1].split()[2] == f"{138 / MG_PER_DL_PER_MMOL_PER_L:.1f}" == "7.7"


def test_local_times_go_through_the_night_in_which_clocks_are_put_forward() -> None:
    """In Berlin 02:00 became 03:00 at 01:00 UTC."""
    times = [line.split()[0] for line in table(view()).splitlines()[1:]]
    assert times[:2] == ["01:35", "01:40"]
    assert times[5:7] == ["03:00", "03:05"]
    assert BERLIN.full(ORIGIN) == "2026-03-29 01:30+01:00"
    assert WearerClock().stamp(ORIGIN) == "2026-03-29T00:30:00+00:00"
    assert WearerClock(is_local=True).stamp(ORIGIN) == "2026-03-29T00:30:00"


@pytest.mark.parametrize(
    ("zone", "hours"), [("Asia/Kathmandu", ["05:00", "06:00"]), ("America/St_Johns", ["21:00", "22:00"])]
)
def test_full_hours_are_those_of_the_readers_clock(zone: str, hours: list[str]) -> None:
    clock = WearerClock(ZoneInfo(zone))
    struck = clock.full_hours(ORIGIN - np.timedelta64(90, "m"), ORIGIN + np.timedelta64(10, "m"))
    assert [clock.short(moment) for moment in struck] == hours


def test_a_fan_stands_at_the_right_and_readings_at_the_left() -> None:
    drawn = fan(view())
    assert {"•", "●", "░"} <= set(drawn)
    now = next(line.index("┊") for line in drawn.splitlines() if "┊" in line)
    for line in drawn.splitlines()[:18]:
        assert all(place > now for place, mark in enumerate(line) if mark in "●░▒▓")
        assert all(place <= now for place, mark in enumerate(line) if mark == "•")
    assert re.search(r"^ +70 │", drawn, re.MULTILINE)
    assert re.search(r"^ +180 │", drawn, re.MULTILINE)
    assert all(len(line) <= 80 for line in drawn.splitlines())


def test_a_plain_fan_is_ascii_and_of_the_same_shape() -> None:
    plain, drawn = fan(view(), plain=True), fan(view())
    assert plain.isascii()
    assert [len(line) for line in plain.splitlines()] == [len(line) for line in drawn.splitlines()]


@pytest.mark.parametrize("level", [25.0, 60.0, 590.0])
def test_extremes_stay_inside_of_the_picture(level: float) -> None:
    extreme = view(level=level)
    scale = Scale.of(extreme)
    for values in (extreme.history[np.isfinite(extreme.history)], extreme.glucose):
        assert all(0 <= scale.up(value) <= 1 for value in np.maximum(values, 0.0))
    assert fan(extreme)
    for tag in ElementTree.fromstring(picture(extreme)).iter():
        for place in ("cy", "y"):
            if place in tag.attrib:
                assert 0 <= float(tag.attrib[place]) <= Frame().height


def test_the_picture_tells_the_same_to_those_who_do_not_see_it() -> None:
    root = ElementTree.fromstring(picture(view()))
    name = "{http://www.w3.org/2000/svg}"
    assert root.attrib["role"] == "img"
    described = root.find(f"{name}desc")
    assert described is not None
    assert described.text is not None
    assert "150 mg/dL now, 126 mg/dL in 60 min" in described.text
    assert "target range is 70 to 180 mg/dL" in described.text
    assert root.attrib["aria-labelledby"].split() == [
        tag.attrib["id"] for tag in root if tag.tag in (f"{name}title", f"{name}desc")
    ]


def test_light_and_dark_are_the_readers_choice() -> None:
    assert "prefers-color-scheme: dark" in picture(view())
    assert "prefers-color-scheme: dark" in page(view())


def test_a_page_asks_for_nothing_and_has_the_forecast_as_a_table() -> None:
    seen = Seen(page(view(unit=GlucoseUnit.mmol_l)))
    assert not {"script", "link", "img", "iframe"} & set(seen.tags)
    assert not any(name in ("src", "href") for name, _ in seen.attributes)
    assert seen.tags.count("tr") == 13
    assert "7.0" in seen.words
    assert "mmol/L" in " ".join(seen.words)


def test_names_are_escaped_wherever_they_stand() -> None:
    shown = page(view(pump_id=NASTY))
    seen = Seen(shown)
    assert "script" not in seen.tags
    assert "<script" not in shown
    assert ElementTree.fromstring(picture(view(pump_id=NASTY))) is not None


def test_insulin_and_carbohydrates_stand_below_on_the_same_hours() -> None:
    given = Doses(
        basal=Amounts(ORIGIN - RECORD_INTERVAL * np.array([30, 10]), np.array([0.8, np.nan])),
        bolus=Amounts(ORIGIN - RECORD_INTERVAL * np.array([20]), np.array([4.2])),
        carbohydrates=Amounts(ORIGIN - RECORD_INTERVAL * np.array([20]), np.array([45.0])),
    )
    root = ElementTree.fromstring(picture(ForecastView(**{**vars(view()), "doses": given})))
    words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"4.2 U", "45 g", "carbs", "insulin"} <= set(words)
    assert ">insulin<" not in picture(view())


@pytest.mark.parametrize("width", [300.0, 390.0, 1280.0])
def test_hours_are_as_many_as_there_is_room_for(width: float) -> None:
    long = ForecastView(**{**vars(view()), "since": ORIGIN - np.timedelta64(24, "h")})
    root = ElementTree.fromstring(picture(long, frame=Frame(width, 400.0, is_titled=False)))
    texts = [text for text in root.iter("{http://www.w3.org/2000/svg}text") if ":" in (text.text or "")]
    places = sorted(float(text.attrib["x"]) for text in texts)
    assert places
    assert min(np.diff(places)) >= 50


def test_hours_of_a_twelve_hour_clock() -> None:
    clock = WearerClock(ZoneInfo("America/New_York"), is_twelve_hour=True)
    assert clock.short(ORIGIN) == "8:30 PM"
    assert ">8 PM</text>" in picture(view(clock=clock))


def test_where_there_is_no_forecast_readings_are_drawn_and_it_is_said() -> None:
    none = ForecastView(
        **{**vars(view()), "times": ORIGIN + RECORD_INTERVAL * np.arange(0), "glucose": np.empty(0), "bands": ()}
    )
    shown = picture(none, frame=Frame(900.0, 400.0, is_titled=False))
    assert ">forecast</text>" in shown
    assert 'class="forecast"' not in shown
    assert "no forecast" in none.headline()


def test_a_forecast_without_bands_is_drawn() -> None:
    bare = ForecastView(**{**vars(view()), "bands": ()})
    assert "%" not in fan(bare)
    assert "in 60 min" in bare.headline()
    assert Seen(page(bare)).tags.count("tr") == 13


def test_a_history_of_one_old_reading_is_drawn() -> None:
    lonely = view()
    history = np.full_like(lonely.history, np.nan)
    history[-3] = 150.0
    lonely = ForecastView(**{**vars(lonely), "history": history})
    assert lonely.change is None
    assert lonely.headline().startswith("150 mg/dL now")
    assert fan(lonely).count("•") == 2  # the reading, and the legend's
    assert page(lonely)
