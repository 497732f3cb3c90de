"""The opening: what it says of good, bad, narrow and empty results, and that it never says more than was measured."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.reporting.html.headline import Ahead, Bands, Headline, Warnings, Where
from bloodtwin_core.reporting.html.narrative import NO_DEVICE, NOTHING_TESTED, VIRTUAL, listed, opening, share

GOOD = Headline(
    windows=12_600,
    days=70,
    pumps=20,
    unseen_people=20,
    ahead=(
        Ahead(30, 12.4, 16.0, {"ridge": 14.0}, (0.76, 0.79), near=0.9, harmless=0.997),
        Ahead(60, 19.4, 26.1, {"ridge": 23.0}, (0.73, 0.76), near=0.75, harmless=0.985),
    ),
    worst=(Where("where glucose comes to lie over 250 mg/dL", 41.2, 39.3), Where("for pump 9", 25.0, 31.0)),
    low_bias=21.4,
    lows=Warnings("low", "under 70 mg/dL", 400, 0.95, (0.92, 0.97), 0.4, 20.0),
    bands=Bands(0.79, 0.81),
)
LOW = "where the last reading was under 54 mg/dL"


def test_good_results_are_said_to_be_of_use_and_no_more():
    text = opening(GOOD)
    assert text.startswith("These forecasts help to see where glucose is heading. ")
    assert "off by 12.4 mg/dL 30 minutes ahead and 19.4 mg/dL 60 minutes ahead" in text
    assert "by 16.0 and 26.1" in text
    assert "90 % and 75 % lay within 20 mg/dL or 20 %" in text
    assert "harm in 0.3 % and 2 % of cases" in text
    assert "held 79 % to 81 % of the readings, as it should." in text
    assert "Do not" not in text
    assert "regression" not in text
    assert text.endswith(NO_DEVICE)


def test_a_forecaster_that_errs_more_than_the_last_reading_is_not_to_be_trusted():
    ahead = tuple(replace(each, mae=each.persistence + 3, skill_interval=(1.05, 1.2)) for each in GOOD.ahead)
    text = opening(replace(GOOD, ahead=ahead))
    assert text.startswith("Do not trust these forecasts 30 and 60 minutes ahead: they are no better than")
    assert "A simple linear regression does as well or better 30 and 60 minutes ahead." in text


def test_a_gain_that_chance_explains_is_no_gain():
    near, far = GOOD.ahead
    text = opening(replace(GOOD, ahead=(near, replace(far, skill_interval=(0.9, 1.02)))))
    assert text.startswith("Do not trust these forecasts 60 minutes ahead: they are not clearly better than")


def test_missed_targets_stand_in_the_first_sentence():
    text = opening(replace(GOOD, missed=("MAE at 60 minutes below 20 mg/dL (20.94)",)))
    assert text.startswith("These forecasts help to see where glucose is heading, but err by more than was aimed for")
    assert "MAE at 60 minutes below 20 mg/dL (20.94)" in text.split(". ")[0] + "."


def test_where_it_fails_is_named_and_where_the_last_reading_does_better():
    text = opening(GOOD)
    assert (
        "fail most where glucose comes to lie over 250 mg/dL (41.2, the last reading only 39.3) and for pump 9 (25.0)"
        in text
    )
    assert "such readings were forecast 21 mg/dL too high" in text
    assert "too low" in opening(replace(GOOD, low_bias=-3.0))


@pytest.mark.parametrize(("seen", "interval"), [(0.5, (0.4, 0.6)), (0.95, (0.80, 0.99)), (1.0, (0.21, 1.0))])
def test_lows_that_are_not_surely_seen_coming_are_not_to_be_relied_on(seen: float, interval: tuple[float, float]):
    assert GOOD.lows is not None
    text = opening(replace(GOOD, lows=replace(GOOD.lows, seen=seen, seen_interval=interval)))
    assert "Do not rely on them to warn." in text


def test_one_low_is_no_share():
    assert GOOD.lows is not None
    one = replace(GOOD.lows, events=1, seen=0.0, seen_interval=(0.0, 0.79), lead_minutes=None)
    assert "The only low (under 70 mg/dL) was not seen coming, with" in opening(replace(GOOD, lows=one))


def test_without_intervals_the_verdict_is_of_the_few_days_alone():
    ahead = tuple(replace(each, skill_interval=None) for each in GOOD.ahead)
    assert opening(replace(GOOD, ahead=ahead)).startswith("On the few days of the test these forecasts helped")


def test_no_low_in_the_test_is_no_good_news():
    text = opening(replace(GOOD, lows=Warnings("low", "under 70 mg/dL", 0)))
    assert "There was no low (under 70 mg/dL) in the test, so whether one would be seen coming is unknown." in text


@pytest.mark.parametrize(
    ("bands", "said"),
    [
        (None, "They do not say how sure they are."),
        (Bands(0.60, 0.70), "held 60 % to 70 % of the readings, too few: the forecasts are surer than they should be."),
        (Bands(0.80, 0.90), "too many: it is wider than it need be."),
        (Bands(0.60, 0.90), "too few at some moments and too many at others."),
        (Bands(0.8, 0.8, LOW, 0.5), f"held 80 % of the readings, as it should; but 50 % {LOW}."),
        (Bands(0.8, 0.8, LOW, 0.76), "held 80 % of the readings, as it should."),
    ],
)  # fmt: skip
def test_bands_that_are_off_are_said_to_be(bands: Bands | None, said: str):
    assert said in opening(replace(GOOD, bands=bands))


@pytest.mark.parametrize(("days", "said"), [(1, "1 day is too little"), (5, "5 days are too few"), (70, "")])
def test_few_days_are_said_to_be_few(days: int, said: str):
    text = opening(replace(GOOD, days=days))
    assert said in text
    assert ("to say how it would be on others" in text) == bool(said)


@pytest.mark.parametrize(
    ("unseen_people", "said"),
    [(0, "for others expect larger errors"), (3, "Of 3 pumps among them nothing"), (20, "Of none of these wearers")],
)
def test_it_is_said_whose_days_were_learned_from(unseen_people: int, said: str):
    assert said in opening(replace(GOOD, unseen_people=unseen_people))


def test_virtual_wearers_are_no_people():
    assert VIRTUAL in opening(replace(GOOD, virtual=True))
    assert VIRTUAL not in opening(GOOD)


@pytest.mark.parametrize("nothing", [Headline(0, 0, 0), Headline(10, 1, 1, ahead=())])
def test_nothing_measured_is_nothing_known(nothing: Headline):
    assert opening(nothing) == f"{NOTHING_TESTED} {NO_DEVICE}"


@given(st.floats(0, 1))
def test_a_share_never_reads_as_all_or_nothing_unless_it_is(part: float):
    assert (share(part) == "100 %") == (part == 1.0)
    assert (share(part) == "0 %") == (part == 0.0)


def test_words_in_a_row():
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
