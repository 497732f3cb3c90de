"""mg/dL and mmol/L: declared, checked, never guessed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.events.units import GlucoseUnit, UnitsError, in_mg_per_dl

MG, MMOL = GlucoseUnit.mg_dl, GlucoseUnit.mmol_l


def test_mmol_per_litre_is_converted_by_the_molar_mass_of_glucose() -> None:
    converted = in_mg_per_dl(np.array([5.5, np.nan, 10.0]), MMOL)
    np.testing.assert_allclose(converted, [99.0858, np.nan, 180.156])


def test_mg_per_dl_stays_as_it_is() -> None:
    readings = np.array([40.0, 100.0, np.nan, 400.0])
    np.testing.assert_array_equal(in_mg_per_dl(readings, MG), readings)


@given(st.lists(st.floats(2.2, 22.2), min_size=1, max_size=200))
def test_every_range_of_mmol_declared_as_mg_is_refused(readings: list[float]) -> None:
    with pytest.raises(UnitsError, match=r"cannot be mg/dL as declared\. Declare mmol/L if that is the unit"):
        in_mg_per_dl(np.array(readings), MG)


@given(st.lists(st.floats(39, 400), min_size=1, max_size=200))
def test_every_range_of_mg_declared_as_mmol_is_refused(readings: list[float]) -> None:
    with pytest.raises(UnitsError, match="cannot be mmol/L as declared"):
        in_mg_per_dl(np.array(readings), MMOL)


@given(
    mg=st.lists(st.floats(39, 400), min_size=100, max_size=200),
    mmol=st.lists(st.floats(2.2, 19.9), min_size=10, max_size=100),
)
def test_readings_in_both_units_are_refused(mg: list[float], mmol: list[float]) -> None:
    for unit in GlucoseUnit:
        with pytest.raises(UnitsError, match=r"file\.csv: .* readings of one unit only|file\.csv: the median"):
            in_mg_per_dl(np.array([*mg, *mmol]), unit, source="file.csv")


def test_a_few_readings_out_of_range_are_no_other_unit() -> None:
    readings = np.full(1000, 120.0)
    readings[:4] = [5, 700, 12, 999]
    np.testing.assert_array_equal(in_mg_per_dl(readings, MG), readings)


def test_without_any_reading_there_is_nothing_to_refuse() -> None:
    assert len(in_mg_per_dl(np.array([]), MMOL)) == 0
    assert np.isnan(in_mg_per_dl(np.array([np.nan]), MG)).all()
