"""Both grids give the published zones, and each drawn line parts the zones that it should."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.evaluation.clinical.error_grids import (
    CLARKE_LINES,
    PARKES_LOWER,
    PARKES_UPPER,
    ZONES,
    clarke_zones,
    error_grids,
    parkes_zones,
    zone_shares,
)

GLUCOSE = st.floats(20, 600)


def clarke(reference: float, estimate: float) -> str:
    return ZONES[int(clarke_zones(np.array(reference), np.array(estimate)))]


def parkes(reference: float, estimate: float) -> str:
    return ZONES[int(parkes_zones(np.array(reference), np.array(estimate)))]


@pytest.mark.parametrize(
    ("reference", "estimate", "zone"),
    [
        # By the words of Clarke et al. 1987: within 20 %, or both in the hypoglycaemic range.
        (100, 120, "A"),
        (100, 80, "A"),
        (100, 121, "B"),
        (100, 79, "B"),
        (40, 69, "A"),
        (69, 40, "A"),
        # Overcorrection of an acceptable glucose: above y = x + 110, below y = 7/5 x - 182.
        (100, 211, "C"),
        (100, 209, "B"),
        (160, 41, "C"),
        (160, 43, "B"),
        # A low or high that an estimate within 70 to 180 hides.
        (55, 71, "D"),
        (69, 83, "D"),
        (69, 82, "A"),
        (241, 179, "D"),
        (239, 179, "B"),
        # Low taken for high, and high for low.
        (69, 181, "E"),
        (181, 69, "E"),
        (350, 470, "C"),
    ],
)
def test_clarke(reference: float, estimate: float, zone: str) -> None:
    assert clarke(reference, estimate) == zone


def test_clarke_gives_the_shares_that_agata_publishes() -> None:
    """The worked example in the tests of py_agata 0.0.8 (Cappon et al.), its eight known pairs."""
    reference = np.array([40.0, 50, 50, 80, 180, 180, 260, 100])
    estimate = np.array([80.0, 80, 80, 70, 130, 130, 60, 220])
    shares = zone_shares(clarke_zones(reference, estimate))
    assert (shares.A, shares.B, shares.C, shares.D, shares.E) == (0.125, 0.25, 0.125, 0.375, 0.125)


@pytest.mark.parametrize("zone", "BCDE")
def test_each_upper_line_of_the_consensus_grid_parts_two_zones(zone: str) -> None:
    safer = ZONES[ZONES.index(zone) - 1]
    for (left, below), (right, above) in pairwise(PARKES_UPPER[zone]):
        for share in (0.1, 0.5, 0.9):
            reference, height = left + share * (right - left), below + share * (above - below)
            assert parkes(reference, height) == parkes(reference, height - 0.1) == safer
            assert parkes(reference, height + 0.1) == zone


@pytest.mark.parametrize("zone", "BCD")
def test_each_lower_line_of_the_consensus_grid_parts_two_zones(zone: str) -> None:
    safer = ZONES[ZONES.index(zone) - 1]
    for (left, low), (right, high) in pairwise(PARKES_LOWER[zone]):
        for share in (0.1, 0.5, 0.9):
            reference, height = left + share * (right - left), low + share * (high - low)
            if left == right:
                assert (parkes(reference, height), parkes(reference + 0.1, height)) == (safer, zone)
            else:
                assert parkes(reference, height) == parkes(reference, height + 0.1) == safer
                assert parkes(reference, height - 0.1) == zone


@pytest.mark.parametrize(
    ("reference", "estimate", "zone"),
    [
        (20, 156, "E"),
        (40, 300, "E"),
        (300, 58, "D"),
        (300, 59, "C"),
        (582, 170, "C"),  # The lower D line goes from (250, 40) through (550, 150): 162 here.
        (582, 160, "D"),
        (590, 480, "B"),
        (590, 490, "A"),
    ],
)
def test_consensus_grid(reference: float, estimate: float, zone: str) -> None:
    assert parkes(reference, estimate) == zone


@pytest.mark.parametrize("zones_of", [clarke_zones, parkes_zones])
@given(reference=GLUCOSE)
def test_the_further_an_estimate_lies_off_the_less_safe_is_its_zone(zones_of, reference: float) -> None:
    """Both up and down, but for Clarke's grid, in which zone D lies beside zone B and C beside E."""
    estimates = np.arange(20.0, 601.0)
    zones = zones_of(np.array(reference), estimates)
    assert zones_of(np.array(reference), np.array(reference)) == ZONES.index("A")
    if zones_of is parkes_zones:
        above = estimates >= reference
        assert (np.diff(zones[above]) >= 0).all()
        assert (np.diff(zones[~above]) <= 0).all()


@given(st.lists(st.tuples(GLUCOSE, GLUCOSE), min_size=1, max_size=30))
def test_shares_add_up_to_one(pairs: list[tuple[float, float]]) -> None:
    reference, estimate = np.array(pairs).T
    for zones in (clarke_zones(reference, estimate), parkes_zones(reference, estimate)):
        shares = zone_shares(zones)
        assert sum(getattr(shares, zone) for zone in ZONES) == pytest.approx(1.0)
        assert shares.measured_targets == len(pairs)


def test_drawn_lines_part_zones() -> None:
    """Every piece of a drawn line has different zones beside it."""
    for line in CLARKE_LINES:
        for start, end in pairwise(line):
            (x, y), (dx, dy) = (np.add(start, end) / 2, np.subtract(end, start) / np.hypot(*np.subtract(end, start)))
            assert clarke(x - dy, y + dx) != clarke(x + dy, y - dx), (start, end)


def test_only_measured_targets_count_and_only_steps_within_the_horizon() -> None:
    target = np.full((4, 6), 100.0, dtype=np.float32)
    target[0] = np.nan
    forecast = np.full((4, 6), 101.0, dtype=np.float32)
    forecast[1, 5] = 250.0
    measured = np.isfinite(target)
    found = error_grids(forecast, target, measured, minutes=(5, 30, 60))
    assert [grids.minutes for grids in found] == [5, 30]
    assert found[0].clarke.A == 1.0
    assert (found[1].clarke.measured_targets, found[1].clarke.C) == (3, pytest.approx(1 / 3))
    nothing = error_grids(forecast, target, np.zeros_like(measured), minutes=(5,))[0]
    assert (nothing.parkes.measured_targets, nothing.parkes.A) == (0, None)
