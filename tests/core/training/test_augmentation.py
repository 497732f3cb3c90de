"""Scaled glucose: one factor a chunk, and nothing else changed."""

import pytest
import torch

from bloodtwin_core.records import FEATURES, Feature
from bloodtwin_core.training.augmentation import with_scaled_glucose


def test_each_chunk_has_one_factor_of_its_own() -> None:
    torch.manual_seed(0)
    records = torch.rand(200, 5, len(FEATURES)) + 1.0
    before = records.clone()
    factors = with_scaled_glucose(records, 0.1) / records
    torch.testing.assert_close(records, before)
    glucose = [Feature.bg.column, Feature.delta_bg.column]
    others = [feature.column for feature in Feature if feature.column not in glucose]
    of_chunk = factors[:, :1, glucose[:1]]
    torch.testing.assert_close(factors[..., glucose], of_chunk.expand(-1, 5, 2))
    assert (factors[..., others] == 1).all()
    assert of_chunk.log().std().item() == pytest.approx(0.1, rel=0.2)
