import numpy as np
import pytest

from bloodtwin_core.control.risk import symmetrized
from bloodtwin_core.control.trial.measures import (
    LifeSignals,
    events_below,
    high_index,
    low_index,
    measured,
)


@pytest.mark.parametrize(
    ("glucose", "published"),
    [(20.0, -np.sqrt(10.0)), (600.0, np.sqrt(10.0)), (112.5, 0.0)],
)
def test_kovatchevs_scale_reaches_from_20_to_600_about_112(glucose, published):
    """The conditions by which the scale is defined in Kovatchev 1997."""
    assert symmetrized(np.array(glucose)) == pytest.approx(published, abs=0.01)


def test_the_target_range_is_symmetric_and_risk_reaches_100():
    assert symmetrized(np.array(70.0)) == pytest.approx(-symmetrized(np.array(180.0)), abs=0.01)
    assert low_index(np.array([20.0])) == pytest.approx(100.0, abs=0.5)
    assert high_index(np.array([600.0])) == pytest.approx(100.0, abs=0.5)


def test_the_indices_average_over_all_readings():
    """The scale's formula by hand: 70 and 180 mg/dL have a risk of 7.7, 50 of 22.5, 250 of 22.4."""
    assert low_index(np.array([70.0])) == pytest.approx(7.7, abs=0.1)
    assert low_index(np.array([50.0, 112.5])) == pytest.approx(22.5 / 2, abs=0.1)
    assert high_index(np.array([250.0, 112.5])) == pytest.approx(22.4 / 2, abs=0.1)
    assert high_index(np.array([50.0])) == 0.0


def test_the_indices_are_those_that_agata_publishes_for_ten_readings():
    """Worked values of AGATA, the toolbox of the University of Padova (github.com/gcappon/agata, its tests of lbgi and
    hbgi; G. Cappon et al., Journal of Diabetes Science and Technology 2023, doi:10.1177/19322968221147570)."""
    readings = np.array([40.0, 50, 50, 80, 120, 120, 200, 200, 260, 260])
    assert round(low_index(readings), 3) == 8.543
    assert round(high_index(readings), 3) == 7.292


def test_an_event_lasts_a_quarter_of_an_hour():
    assert events_below(np.array([60, 50, 50, 60, 50, 50, 50, 60, 50, 50, 50, 50.0]), 54.0) == 2


def test_shares_are_per_cent_and_insulin_a_day():
    blood = np.array([50.0, 60.0, 70.0, 180.0, 181.0, 251.0, 100.0, 100.0, 100.0, 100.0])
    got = measured(LifeSignals(blood, np.full(10, 1.2), np.full(10, 0.1)))
    assert got["below_54"] == 10.0
    assert got["below_70"] == 20.0
    assert got["in_range"] == 60.0
    assert got["above_180"] == 20.0
    assert got["above_250"] == 10.0
    assert got["insulin"] == pytest.approx(288 * (0.1 + 0.1))
