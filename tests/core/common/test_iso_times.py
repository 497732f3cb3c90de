"""Timestamps from their text: one that is no date is none, in however long a column."""

import numpy as np
import pytest

from bloodtwin_core.common.iso_times import utc_times


@pytest.mark.parametrize("count", [1, 400, 600, 20_000])
@pytest.mark.parametrize(
    "wrong",
    ["2024-13-45T00:00:00Z", "2024-02-30T00:00:00Z", "2024-03-01T25:00:00Z", "2024-03-01T00:05-01Z", "x" * 20],
)
def test_what_is_no_date_is_none_and_the_others_are_read(count: int, wrong: str) -> None:
    """numpy's own conversion of bytes ends the process, for more than 500 of them."""
    texts = np.full(count, "2024-03-01T00:05:00Z")
    texts[count // 2] = wrong
    times, zoned = utc_times(texts)
    assert np.flatnonzero(np.isnat(times)).tolist() == [count // 2]
    assert np.delete(zoned, count // 2).all()
    assert (np.delete(times, count // 2) == np.datetime64("2024-03-01T00:05:00")).all()
