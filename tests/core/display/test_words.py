"""What a forecast is said to mean."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.display import ForecastView
from bloodtwin_core.display.chances import chance_below, spoken
from bloodtwin_core.display.words import Direction, Level, Side, change_words, sayings
from bloodtwin_core.records import GLUCOSE_RANGES, glucose_range_of
from tests.core.display.views import going


def said(view: ForecastView) -> tuple[str, ...]:
    return tuple(saying.words for saying in sayings(view))


FALLING = [110.0 - 5 * step for step in range(1, 13)]
GLUCOSE = st.floats(20, 600, width=32)


def test_a_low_to_come_is_said_with_its_time_and_chance() -> None:
    assert said(going(FALLING, width=2.0))[0] == "Below 70 in about 40 min, 4 in 5"


def test_without_bands_there_is_no_chance_to_tell() -> None:
    assert said(going(FALLING))[:1] == ("Below 70 in about 45 min",)


def test_what_is_only_possible_is_said_to_be() -> None:
    assert said(going([90.0] * 12, width=2.5)) == ("Perhaps below 70 within 60 min, 1 in 4",)


def test_minutes_count_from_now_and_not_from_the_reading() -> None:
    view = going(FALLING, width=2.0)
    later = replace(view, now=view.origin + np.timedelta64(14, "m"))
    assert said(later)[0].startswith("Below 70 in about 25 min")


@pytest.mark.parametrize(
    ("now", "then", "words"),
    [
        (60.0, [75.0] * 12, "Above 70 again in about 5 min, 9 in 10"),
        (60.0, [60.0] * 12, "Likely still below 70 in 60 min, 9 in 10"),
        (200.0, [200.0 - 4 * step for step in range(12)], "Below 180 again in about 30 min, 9 in 10"),
        (200.0, [200.0] * 12, "Likely still above 180 in 60 min, 9 in 10"),
        (120.0, [120.0] * 12, "Likely between 70 and 180 for the next 60 min"),
    ],
)
def test_where_glucose_is_out_of_range_coming_back_is_said(now: float, then: list[float], words: str) -> None:
    assert said(going(then, [now], width=0.1)) == (words,)


def test_the_soonest_is_said_first() -> None:
    told = sayings(going([100.0 - 6 * step for step in range(1, 13)], width=1.0))
    assert [saying.limit for saying in told] == [70.0, 54.0]
    assert told[0].minutes < told[1].minutes


def test_what_is_out_of_range_is_grave_and_coming_back_is_not() -> None:
    below, above, back = (
        going(then, [now], width=0.1) for now, then in ((60, [60] * 12), (260, [270] * 12), (60, [80] * 12))
    )
    told = [[(saying.side, saying.is_grave) for saying in sayings(view)] for view in (below, above, back)]
    assert told == [[(Side.low, True)], [(Side.high, True)], [(None, False)]]


def test_of_a_low_both_is_said_that_it_may_get_worse_and_when_it_is_over() -> None:
    words = said(going([60.0 + step for step in range(12)], [58.0], width=2.5))
    assert [sentence.rpartition(",")[0] for sentence in words] == [
        "Above 70 again in about 55 min",
        "Perhaps below 54 within 60 min",
    ]


def test_limits_are_said_in_the_unit_of_the_reader() -> None:
    assert said(going(FALLING, width=2.0, unit="mmol/L"))[0].startswith("Below 3.9 in about 40 min")


@given(middle=st.lists(GLUCOSE, min_size=1, max_size=24), width=st.floats(0, 60), limit=GLUCOSE)
def test_a_chance_is_one_and_grows_with_the_limit(middle: list[float], width: float, limit: float) -> None:
    view = going(middle, width=width)
    below, higher = chance_below(view, limit), chance_below(view, limit + 1.0)
    assert ((below >= 0) & (below <= 1) & (higher >= below)).all()


@given(middle=st.lists(GLUCOSE, min_size=1, max_size=24), now=GLUCOSE, width=st.floats(0, 60))
def test_something_is_said_of_every_forecast(middle: list[float], now: float, width: float) -> None:
    words = said(going(middle, [now], width=width))
    assert words
    assert all(sentence[0].isupper() for sentence in words)


@given(glucose=GLUCOSE)
def test_levels_are_the_clinical_ranges(glucose: float) -> None:
    place = int(glucose_range_of(np.array([glucose], dtype=np.float32))[0])
    assert list(Level)[place] == Level.of(float(np.float32(glucose)))
    assert len(Level) == len(GLUCOSE_RANGES)


@pytest.mark.parametrize(
    ("change", "direction"),
    [
        (0.9, "steady"),
        (-0.9, "steady"),
        (1.0, "rising slowly"),
        (-2.0, "falling"),
        (3.5, "rising fast"),
        (None, "direction unknown"),
    ],
)
def test_a_direction_is_that_of_the_change(change: float | None, direction: str) -> None:
    assert Direction.of(change) == direction


def test_a_change_is_told_over_fifteen_minutes_and_only_where_both_were_measured() -> None:
    view = going([100.0], [140.0, 135.0, 130.0, 125.0])
    assert change_words(view) == "−15 in 15 min"
    assert change_words(going([100.0], [np.nan, 135.0, 130.0, 125.0])) == ""


@pytest.mark.parametrize(
    ("chance", "words"), [(0.76, "3 in 4"), (0.34, "1 in 3"), (1.0, "19 in 20"), (0.2, "1 in 5"), (0.49, "2 in 5")]
)
def test_chances_are_spoken_as_people_do(chance: float, words: str) -> None:
    assert spoken(chance) == words
