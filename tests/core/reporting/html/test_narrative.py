"""The words: what they say of good, bad, narrow and empty results, and that they never say more than was measured."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.html.headline import Bands, Headline, Warnings
from bloodtwin_core.reporting.html.narrative import listed, narrative, share
from tests.core.reporting.html.made_headline import GOOD

LOW = "where the last reading was under 54 mg/dL"


def words(headline: Headline) -> str:
    return " ".join(narrative(headline))


def test_good_results_are_said_to_be_of_use_and_no_more():
    text = words(GOOD)
    assert "These forecasts help to see where glucose is heading. " in text
    assert "off by 12.4 mg/dL 30 minutes ahead and 19.4 mg/dL 60 minutes ahead" in text
    assert "by 16.0 and 26.1" in text
    assert "90 % and 75 % lay within 20 mg/dL or 20 %" in text
    assert "harm in 0.3 % and 2 % of cases" in text
    assert "held 79 % to 81 % of the readings, as it should." in text
    assert "Do not" not in text
    assert "regression" not in text


def test_a_forecaster_that_errs_more_than_the_last_reading_is_not_to_be_trusted():
    ahead = tuple(replace(each, mae=each.persistence + 3, skill_interval=(1.05, 1.2)) for each in GOOD.ahead)
    text = words(replace(GOOD, ahead=ahead))
    assert ("Do not trust these forecasts 30 and 60 minutes ahead: they are no better than") in text
    assert "A simple linear regression does as well or better 30 and 60 minutes ahead." in text


def test_a_gain_that_chance_explains_is_no_gain():
    near, far = GOOD.ahead
    text = words(replace(GOOD, ahead=(near, replace(far, skill_interval=(0.9, 1.02)))))
    assert ("Do not trust these forecasts 60 minutes ahead: they are not clearly better than") in text


def test_missed_targets_are_listed():
    text = words(replace(GOOD, missed=("MAE at 60 minutes below 20 mg/dL (20.94)",)))
    assert "heading, but err by more than was aimed for on complete windows: MAE at 60 minutes below 20 mg/dL" in text


def test_where_it_fails_is_named_and_where_the_last_reading_does_better():
    text = words(GOOD)
    assert (
        "fail most where glucose comes to lie over 250 mg/dL (41.2, the last reading only 39.3) and for pump 9 (25.0)"
        in text
    )
    assert "such readings were forecast 21 mg/dL too high" in text
    assert "too low" in words(replace(GOOD, low_bias=-3.0))


@pytest.mark.parametrize(("seen", "interval"), [(0.5, (0.4, 0.6)), (0.95, (0.80, 0.99)), (1.0, (0.21, 1.0))])
def test_lows_that_are_not_surely_seen_coming_are_not_to_be_relied_on(seen: float, interval: tuple[float, float]):
    assert GOOD.lows is not None
    text = words(replace(GOOD, lows=replace(GOOD.lows, seen=seen, seen_interval=interval)))
    assert "Do not rely on them to warn." in text


def test_one_low_is_no_share():
    assert GOOD.lows is not None
    one = replace(GOOD.lows, events=1, seen=0.0, seen_interval=(0.0, 0.79), lead_minutes=None)
    assert "The only low (under 70 mg/dL) was not seen coming, with" in words(replace(GOOD, lows=one))


def test_without_intervals_the_verdict_is_of_the_few_days_alone():
    ahead = tuple(replace(each, skill_interval=None) for each in GOOD.ahead)
    assert words(replace(GOOD, ahead=ahead)).count("On the few days of the test these forecasts helped") == 1


def test_no_low_in_the_test_is_no_good_news():
    text = words(replace(GOOD, lows=Warnings("low", "under 70 mg/dL", 0)))
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
    assert said in words(replace(GOOD, bands=bands))


@pytest.mark.parametrize(("days", "said"), [(1, "1 day is too little"), (5, "5 days are too few"), (70, "")])
def test_few_days_are_said_to_be_few(days: int, said: str):
    text = words(replace(GOOD, days=days))
    assert said in text
    assert ("to say how it would be on others" in text) == bool(said)


@pytest.mark.parametrize(
    ("unseen_people", "said"),
    [(0, "for others expect larger errors"), (3, "Of 3 pumps among them nothing"), (20, "Of none of these wearers")],
)
def test_it_is_said_whose_days_were_learned_from(unseen_people: int, said: str):
    assert said in words(replace(GOOD, unseen_people=unseen_people))


@pytest.mark.parametrize("nothing", [Headline(0, 0, 0), Headline(10, 1, 1, ahead=())])
def test_nothing_measured_leaves_nothing_to_say(nothing: Headline):
    assert narrative(nothing) == ()


def test_errors_are_told_in_mmol_too():
    text = words(replace(GOOD, unit=GlucoseUnit.mmol_l))
    assert "off by 0.69 mmol/L 30 minutes ahead and 1.08 mmol/L 60 minutes ahead" in text
    assert "within 1.1 mmol/L or 20 %" in text
    assert "(2.29, the last reading only 2.18)" in text
    assert "forecast 1.2 mmol/L too high" in text


def test_a_share_just_outside_its_limits_does_not_read_as_the_limit():
    assert f"but 85.2 % {LOW}" in words(replace(GOOD, bands=Bands(0.8, 0.8, LOW, 0.852)))


def test_few_false_alarms_are_not_none():
    assert GOOD.lows is not None
    said = [words(replace(GOOD, lows=replace(GOOD.lows, false_alarms_per_day=rate))) for rate in (0.0, 0.02, 0.3)]
    assert ["no false" in said[0], "under 0.1 false" in said[1], "0.3 false" in said[2]] == [True, True, True]


@given(st.floats(0, 1))
def test_a_share_never_reads_as_all_or_nothing_unless_it_is(part: float):
    assert (share(part) == "100 %") == (part == 1.0)
    assert (share(part) == "0 %") == (part == 0.0)


def test_words_in_a_row():
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
