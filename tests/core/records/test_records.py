"""Glucose ranges: every glucose belongs to exactly one, and the ends lie where the consensus puts them."""

import numpy as np
import pytest

from bloodtwin_core.records import GLUCOSE_RANGES, glucose_range_of


@pytest.mark.parametrize(
    ("glucose", "name"),
    [
        (20, "under 54"),
        (53.9, "under 54"),
        (54, "54 to 70"),
        (69.9, "54 to 70"),
        (70, "70 to 180"),
        (180, "70 to 180"),
        (180.1, "180 to 250"),
        (250, "180 to 250"),
        (250.1, "over 250"),
        (600, "over 250"),
    ],
)
def test_each_glucose_has_its_range(glucose: float, name: str) -> None:
    found = glucose_range_of(np.array([[glucose]], dtype=np.float32))
    assert found.shape == (1, 1)
    assert GLUCOSE_RANGES[found[0, 0]].name == name
