import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.common.decimals import number_of, numbers_of


def read(*texts: str) -> list[float]:
    return numbers_of(np.array([text.encode() for text in texts], dtype=np.bytes_)).tolist()


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_any_number_reads_back_exactly_however_many_are_read_together(numbers: list[float]) -> None:
    assert read(*map(repr, numbers)) == numbers


@given(st.lists(st.decimals(-(10**6), 10**6, places=6), min_size=1))
def test_decimals_read_as_the_nearest_number(numbers: list[object]) -> None:
    assert read(*map(str, numbers)) == [float(str(number)) for number in numbers]


@pytest.mark.parametrize("text", ["", "NaN", "nan", "NA", "n/a", "NULL", "None", "<NA>"])
def test_what_says_that_there_is_no_number_is_none(text: str) -> None:
    assert np.isnan(read(text, "1")).tolist() == [True, False]


@pytest.mark.parametrize("text", ["5,5", "1_000", "--5", "5-3", "1.2.3", "-", ".", "0x1A", "1\x002", "١٢"])
def test_other_text_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        number_of(text)


@pytest.mark.parametrize("text", ["5,5", "1_000", "--5", "5-3", "1.2.3", "-", ".", "0x1A", "1\x002"])
def test_it_is_refused_among_others_too(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        read("12", text, "13")
