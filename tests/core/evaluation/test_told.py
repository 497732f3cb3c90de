"""Outcomes in words: in either unit, on their side of the limit, and never a "no" where nothing was measured."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.common.rounding import decimals_apart
from bloodtwin_core.evaluation.coverage_targets import CoverageTarget
from bloodtwin_core.evaluation.results import TargetOutcome
from bloodtwin_core.records.glucose_units import GlucoseUnit

MG, MMOL = GlucoseUnit.mg_dl, GlucoseUnit.mmol_l


def outcome(value: float | None, limit: float, name: str = "mae_at_60min", mean: float | None = None) -> TargetOutcome:
    met = value is not None and value < limit
    missed = None if met or value is None else value - limit
    return TargetOutcome(
        name=name, value=value, limit=limit, met=met, missed_by=missed, mean_reading=mean, reading="not measured: no"
    )


def test_an_outcome_is_told_in_either_unit():
    missed = outcome(20.09, 20.0, mean=14.1)
    assert missed.told(MG) == "20.09 (MEAN 14.10) misses 20 by 0.09"
    assert missed.told(MMOL) == "1.115 (MEAN 0.783) misses 1.110 by 0.005"
    assert outcome(12.5, 15.0).told(MMOL) == "0.694 is below 0.833"


def test_a_skill_has_no_unit():
    assert outcome(0.77, 1.0, "skill_mae_at_60min").told(MMOL) == "0.77 is below 1"


@pytest.mark.parametrize(
    ("value", "limit", "said"),
    [
        (0.9984, 1.0, "0.998 is below 1"),
        (1.0016, 1.0, "1.002 misses 1 by 0.002"),
        (1.0, 1.0, "not below 1"),
        (15.00001, 15.0, "15.00001 misses 15 by 0.00001"),
    ],
)
def test_a_number_stays_on_its_side_of_the_limit(value: float, limit: float, said: str):
    assert outcome(value, limit, "skill").told(MG) == said


def test_what_a_file_has_rounded_to_its_limit_is_just_below_it():
    assert outcome(0.99999, 1.0, "skill").model_copy(update={"value": 1.0}).told(MG) == "just below 1"


@given(value=st.floats(0.5, 40), limit=st.sampled_from([1.0, 15.0, 20.0]), unit=st.sampled_from([MG, MMOL]))
def test_the_words_never_contradict_the_numbers(value: float, limit: float, unit: GlucoseUnit):
    told = outcome(value, limit).told(unit)
    found = re.fullmatch(r"([\d.]+) (is below|misses) ([\d.]+)(?: by [\d.]+)?", told)
    if found is None:
        assert re.fullmatch(r"(just|not) below [\d.]+", told)
        assert value == pytest.approx(limit, abs=1e-4)
    else:
        assert (float(found[1]) < float(found[3])) == (found[2] == "is below")


def test_what_was_not_measured_is_no_no():
    assert [outcome(value, 15.0).answer for value in (None, 14.0, 16.0)] == ["not measured", "yes", "no"]
    assert outcome(None, 15.0).told(MMOL) == "not measured: no"
    unknown = CoverageTarget(name="x", low=0.7, high=0.8, worst=None, where="", met=False, reading="nothing")
    assert unknown.answer == "not measured"


def test_ranges_of_glucose_are_told_in_either_unit():
    reading = "from 70.0% to 90.0%, furthest off 5 min ahead, with 54 to 70 mg/dL at the origin; outside in 1 of 2"
    target = CoverageTarget(name="x", low=0.7, high=0.8, worst=0.9, where="", met=False, reading=reading)
    assert "5 min ahead, with 3.0 to 3.9 mmol/L at the origin; outside in 1 of 2" in target.told(MMOL)
    assert target.told(MG) == reading


def test_decimals_tell_apart_what_differs():
    assert [decimals_apart(value, 1.0, 2) for value in (0.5, 0.996, 0.9996, 1.0)] == [2, 3, 4, 2]
