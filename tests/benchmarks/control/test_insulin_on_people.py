import numpy as np
import pytest

from benchmarks.control.insulin_on_people import Person, corrections, row_of, suspensions

DAYS, CORRECTED, STOPPED = 12, 12, 2


def person(effect=-30.0):
    """Glucose stays where it is but for what a correction at noon of every second day does an hour later, and for the
    rise after an hour of every third night without basal."""
    count = 288 * DAYS
    hour = np.arange(count) % 288 / 12.0
    day = np.arange(count) // 288
    automatic = np.where((hour == CORRECTED) & (day % 2 == 0), 1.5, 0.0)
    hourly = np.where((np.floor(hour) == STOPPED) & (day % 3 == 0), 0.0, 0.8)
    glucose = np.full(count, 180.0)
    for row in np.flatnonzero(automatic):
        glucose[row + 6 : row + 100] += effect
    for row in np.flatnonzero((hour == STOPPED) & (hourly == 0)):
        glucose[row + 6 : row + 40] += 8.0
    return Person("x", glucose, automatic, automatic, np.zeros(count, bool), hourly, hour, 40.0)


def test_what_followed_is_told_beside_moments_that_looked_alike():
    corrected = corrections(person(), 60)
    assert (corrected.moments, corrected.units) == (6, 9.0)
    # Of the moments that it is compared with a few are followed by a correction too.
    assert corrected.difference == pytest.approx(6 * -28.0, abs=12.0)
    assert -40.0 * 9.0 < corrected.expected < 0.0
    stopped = suspensions(person(), 60)
    assert (stopped.moments, stopped.units) == (4, pytest.approx(-3.2))
    assert stopped.difference == pytest.approx(4 * 8.0, abs=6.0)
    assert stopped.expected > 0.0


def test_a_meal_near_takes_a_moment_out():
    eaten = person()
    eaten.meal[np.flatnonzero(eaten.automatic)[:2] - 12] = True
    assert corrections(eaten, 60).moments == 4


def test_the_row_tells_the_effect_of_each_unit_with_its_interval():
    cells = row_of([corrections(person(effect), 60) for effect in (-20.0, -30.0, -40.0)], 60).split(" | ")
    assert cells[:4] == ["3", "18", "+1.50", "60"]
    assert float(cells[5].split()[0]) == pytest.approx(-19.0, abs=1.5)
    assert row_of([], 60).startswith("0 | 0")
