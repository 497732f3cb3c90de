import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.simulation.gut import MEALS_AT_ONCE, absorb_minute, eat, empty_gut


def absorbed(meals, minutes):
    """Grams absorbed in each minute from meals of (minute, grams, time, share)."""
    gut, course = empty_gut(), []
    for minute in range(minutes):
        for start, grams, time, share in meals:
            if start == minute:
                eat(gut, grams, time, share)
        course.append(absorb_minute(gut))
    return np.array(course)


def test_a_meal_appears_as_the_paper_says_and_fastest_after_t_max():
    course = absorbed([(0, 60.0, 40.0, 0.8)], 400)
    middle = np.arange(400) + 0.5
    np.testing.assert_allclose(course, 60.0 * 0.8 * middle * np.exp(-middle / 40.0) / 40.0**2, atol=1e-4)
    assert abs(int(np.argmax(course)) - 40) <= 1


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 1000), st.floats(1.0, 150.0), st.floats(10.0, 90.0), st.floats(0.5, 1.0)), max_size=8
    )
)
def test_meals_add_up_and_all_that_is_eaten_is_absorbed(meals):
    together = absorbed(meals, 3500)
    alone = sum((absorbed([meal], 3500) for meal in meals), np.zeros(3500))
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert together.sum() == pytest.approx(sum(grams * share for _, grams, _, share in meals), abs=1e-3)


def test_more_meals_than_there_are_chains_lose_nothing():
    crowd = [(minute, 10.0, 40.0, 0.8) for minute in range(MEALS_AT_ONCE + 5)]
    assert absorbed(crowd, 2000).sum() == pytest.approx(8.0 * len(crowd), abs=1e-3)
