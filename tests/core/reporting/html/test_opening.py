"""The five lines: lows missed and zone D first, in words short enough for one line each, and nothing made better."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.html.headline import Ahead, Bands, Headline, Warnings, Where
from bloodtwin_core.reporting.html.opening import NO_DEVICE, NOTHING_TESTED, VIRTUAL, opening
from tests.core.reporting.html.made_headline import GOOD

LINES = 5
ONE_LINE = 135
"""Characters that a line of a desktop's page holds."""


def test_lows_missed_and_what_would_go_untreated_come_first():
    lines = opening(GOOD)
    assert (
        lines[0] == "Missed 20 of 400 lows under 70 mg/dL, 3 % to 8 % allowing for chance. The last reading misses all."
    )
    assert lines[1].startswith(
        "A low or high would go untreated (Clarke's zone D) in 2.1 % of its forecasts 60 minutes"
    )
    assert lines[1].endswith("by the last reading in 4.0 %.")
    assert lines[2].startswith("Off by 12.4 mg/dL 30 minutes ahead and 19.4 mg/dL 60 minutes ahead on average")
    assert "over 250 mg/dL: by 41.2 mg/dL in 60 minutes; its 80 % band held 79 % to 81 %" in lines[3]
    assert lines[4] == f"Tested on 70 days of 20 pumps, of which it learnt from none. {NO_DEVICE}"


@pytest.mark.parametrize("seen", [0.5, 0.92])
def test_lows_that_are_not_surely_seen_coming_are_not_to_be_relied_on(seen: float):
    lows = Warnings("low", "under 70 mg/dL", 34, 14, seen, (seen - 0.1, seen + 0.05))
    assert ": do not rely on it to warn. " in opening(replace(GOOD, lows=lows))[0]
    assert "rely" not in opening(GOOD)[0]


def test_no_low_in_the_test_is_no_good_news():
    assert "whether it misses them is unknown" in opening(replace(GOOD, lows=Warnings("low", "under 70 mg/dL", 0)))[0]
    assert "was not measured" in opening(replace(GOOD, lows=None))[0]


def test_more_untreated_than_by_the_last_reading_is_said():
    near, far = GOOD.ahead
    lines = opening(replace(GOOD, ahead=(near, replace(far, unseen=0.018, persistence_unseen=0.012))))
    assert "in 1.8 % of its forecasts 60 minutes ahead, by the last reading in 1.2 %" in lines[1]
    assert "was not measured" in opening(replace(GOOD, ahead=(near, replace(far, unseen=None))))[1]


def test_a_forecaster_of_no_use_says_so_first():
    ahead = tuple(replace(each, mae=each.persistence + 3, skill_interval=(1.05, 1.2)) for each in GOOD.ahead)
    lines = opening(replace(GOOD, ahead=ahead))
    assert lines[0].startswith("Do not trust it 30 and 60 minutes ahead, where it is no better than the last reading.")
    assert lines[1].startswith("Missed")
    unsure = replace(GOOD.ahead[1], skill_interval=(0.9, 1.02))
    assert "not clearly better than" in opening(replace(GOOD, ahead=(GOOD.ahead[0], unsure)))[0]


def test_virtual_wearers_are_no_people():
    assert VIRTUAL in opening(replace(GOOD, virtual=True))[-1]
    assert not any(VIRTUAL in line for line in opening(GOOD))


@pytest.mark.parametrize("nothing", [Headline(0, 0, 0), Headline(10, 1, 1, ahead=())])
def test_nothing_measured_is_nothing_known(nothing: Headline):
    assert opening(nothing) == (NOTHING_TESTED, NO_DEVICE)


def test_the_unit_is_the_readers():
    lines = opening(replace(GOOD, unit=GlucoseUnit.mmol_l))
    assert "Off by 0.69 mmol/L 30 minutes ahead and 1.08 mmol/L" in lines[2]
    assert "by 2.29 mmol/L in 60 minutes" in lines[3]


@given(
    events=st.integers(0, 500),
    missed=st.integers(0, 500),
    unseen=st.none() | st.floats(0, 1),
    skill=st.none() | st.tuples(st.floats(0.5, 0.9), st.floats(0.9, 1.5)),
    unseen_people=st.integers(0, 20),
    bands=st.none() | st.just(Bands(0.6, 0.9)),
    days=st.integers(1, 400),
    unit=st.sampled_from([*GlucoseUnit]),
)
def test_there_are_five_short_lines_whatever_was_measured(
    events, missed, unseen, skill, unseen_people, bands, days, unit
):
    seen = None if not events else 1.0 - min(missed, events) / events
    lows = Warnings(
        "low", "under 3.9 mmol/L", events, min(missed, events), seen, None if seen is None else (seen / 2, seen)
    )
    ahead = tuple(
        Ahead(minutes, 20.0, 30.0, skill_interval=skill, unseen=unseen, persistence_unseen=0.5) for minutes in (30, 60)
    )
    worst = (Where("where glucose comes to lie 10.0 to 13.9 mmol/L", 41.2, 39.3),)
    lines = opening(Headline(9, days, 20, unseen_people, False, ahead, (), worst, None, lows, bands, unit))
    assert len(lines) == LINES
    assert all(len(line) <= ONE_LINE or line.startswith("Do not trust") for line in lines), lines
    assert lines[-1].endswith(NO_DEVICE)
