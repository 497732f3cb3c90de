import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.common.decimals import number_of
from bloodtwin_core.common.plain_rows import plain_rows

FIELD = st.text("0123456789.-eE+nNaAzZ:T", max_size=20)


@given(st.lists(st.tuples(FIELD, FIELD, FIELD), min_size=1, max_size=8))
def test_fields_are_those_that_the_rows_hold(rows: list[tuple[str, str, str]]) -> None:
    found = plain_rows("".join(",".join(row) + "\n" for row in rows), 3)
    assert found is not None
    for column in range(3):
        assert [field.decode() for field in found.texts(column).tolist()] == [row[column] for row in rows]


@given(st.lists(st.one_of(st.floats(allow_nan=False).map(repr), st.decimals(-999, 999, places=9).map(str)), min_size=1))
def test_numbers_are_those_that_each_field_alone_would_give(fields: list[str]) -> None:
    found = plain_rows("".join(f"{field},\n" for field in fields), 2)
    assert found is not None
    assert found.numbers(0).tolist() == [number_of(field) for field in fields]
    assert np.isnan(found.numbers(1)).all()


@pytest.mark.parametrize(
    "text",
    [
        "1,2\n3\n",
        "1,2\n3,4,5\n",
        "1,2,3\n4\n",
        "1,2\n\n3,4\n",
        "1,2\n3,4",
        '"1",2\n',
        "1,2 # a note\n",
        "1, 2\n",
        "1,2\r\n",
        "1,2\0\n",
        "1,é\n",
        f"1,{'2' * 65}\n",
    ],
)
def test_what_is_not_plain_is_left_to_the_slower_reader(text: str) -> None:
    assert plain_rows(text, 2) is None
