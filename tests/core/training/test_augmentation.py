"""Variety by the chunk: one factor of glucose, insulin hidden, basal as hourly means; and nothing else changed."""

import math
from datetime import datetime, timedelta

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from bloodtwin_core.config import TrainingSettings
from bloodtwin_core.records import (
    FEATURES,
    PAST_FEATURES,
    PAST_KNOWN,
    PAST_TABLE,
    UNKNOWN_PAST,
    Feature,
    records_from_signals,
)
from bloodtwin_core.training.augmentation import (
    hourly_an_hour_late,
    varied,
    with_coarse_basal,
    with_hidden,
    with_scaled_glucose,
)

BASAL, BOLUS = Feature.basal_rate.column, Feature.bolus_dose.column


def chunks(count: int, steps: int = 5) -> Tensor:
    torch.manual_seed(0)
    return torch.rand(count, steps, len(FEATURES)) + 1.0


def day_from(start: datetime, basal: list[float]) -> Tensor:
    """One chunk, [1, step, feature], of records from start on."""
    times = np.array([start + timedelta(minutes=5 * n) for n in range(len(basal))], dtype="datetime64[s]")
    level, none = np.full(len(basal), 120.0), np.zeros(len(basal))
    return torch.from_numpy(records_from_signals("7", times, level, np.array(basal), none).values).unsqueeze(0)


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


@pytest.mark.parametrize("feature", [Feature.basal_rate, Feature.bolus_dose])
def test_a_feature_is_hidden_for_whole_chunks(feature: Feature) -> None:
    records = chunks(400)
    before = records.clone()
    hidden = with_hidden(records, feature, 0.3)
    torch.testing.assert_close(records, before)
    of_chunk = hidden[..., feature.column].isnan()
    assert (of_chunk.all(dim=1) == of_chunk.any(dim=1)).all()
    assert of_chunk[:, 0].float().mean().item() == pytest.approx(0.3, abs=0.07)
    others = [other.column for other in Feature if other is not feature]
    torch.testing.assert_close(hidden[..., others], records[..., others])


def test_coarse_basal_is_the_mean_of_the_clock_hour_before() -> None:
    """From 10:50 on: two records of that hour, then all of 11, 12 and 13 o'clock."""
    basal = [0.5, 1.5, *(n / 2 for n in range(12)), *[2.0] * 12, *[4.0] * 12]
    coarse = with_coarse_basal(day_from(datetime(2024, 1, 10, 10, 50), basal), 1.0)
    expected = [0.5] * 2 + [1.0] * 12 + [2.75] * 12 + [2.0] * 12
    np.testing.assert_allclose(coarse[0, :, BASAL], expected)


@pytest.mark.parametrize("place", range(12))
def test_the_clock_hour_is_told_at_every_time_of_day(place: int) -> None:
    for hour in range(24):
        basal = [1.0] * (12 - place) + [3.0] * 12 + [5.0]
        coarse = with_coarse_basal(day_from(datetime(2024, 1, 10, hour, 5 * place), basal), 1.0)
        np.testing.assert_allclose(coarse[0, :, BASAL], [1.0] * (12 - place) + [1.0] * 12 + [3.0])


def test_coarse_basal_tells_nothing_of_what_comes_later() -> None:
    basal = torch.rand(3, 60)
    first = torch.tensor([0, 5, 11])
    later = basal.clone()
    later[:, 30:] += 1.0
    torch.testing.assert_close(hourly_an_hour_late(later, first)[:, :31], hourly_an_hour_late(basal, first)[:, :31])


def test_coarse_basal_is_of_what_is_known_and_unknown_where_nothing_is() -> None:
    basal = torch.tensor([[1.0, math.nan, *[2.0] * 10, *[math.nan] * 12, *[3.0] * 12]])
    coarse = hourly_an_hour_late(basal, torch.tensor([0]))
    assert coarse[0, 12].item() == pytest.approx(21 / 11)
    assert coarse[0, 24:].isnan().all()
    unknown = torch.full((1, 36), math.nan)
    assert hourly_an_hour_late(unknown, torch.tensor([3])).isnan().all()


def test_a_share_of_the_chunks_has_coarse_basal_and_the_rest_is_as_it_was() -> None:
    records = chunks(400, 30)
    coarse = with_coarse_basal(records, 0.4)
    changed = (coarse != records).any(dim=2).any(dim=1)
    assert changed.float().mean().item() == pytest.approx(0.4, abs=0.08)
    others = [feature.column for feature in Feature if feature is not Feature.basal_rate]
    torch.testing.assert_close(coarse[..., others], records[..., others])


def test_what_is_off_draws_no_chance_and_changes_nothing() -> None:
    records = chunks(4)
    state = torch.get_rng_state()
    assert varied(records, TrainingSettings()) is records
    assert torch.equal(torch.get_rng_state(), state)


def test_all_settings_work_together() -> None:
    training = TrainingSettings(glucose_spread=0.1, hide_basal=0.5, hide_bolus=0.5, coarse_basal=0.5)
    out = varied(chunks(400, 30), training)
    basal, bolus = out[:, 0, BASAL].isnan(), out[:, 0, BOLUS].isnan()
    both = (basal & bolus).float().mean().item()
    assert both == pytest.approx(0.25, abs=0.07), "hidden independently of each other"
    assert out[..., [Feature.bg.column, Feature.sin_time.column]].isfinite().all()


@pytest.mark.parametrize("name", ["hide_basal", "hide_bolus", "coarse_basal"])
@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_a_share_is_between_0_and_1(name: str, share: float) -> None:
    with pytest.raises(ValidationError, match=name):
        TrainingSettings.model_validate({name: share})


def past_of(records: Tensor, name: str) -> Tensor:
    return records[..., len(FEATURES) + PAST_FEATURES.index(name)]


def chunks_with_a_past(count: int) -> Tensor:
    torch.manual_seed(0)
    return torch.rand(count, 5, len(FEATURES) + len(PAST_FEATURES)) + 1.0


ALL_FEATURES = (*FEATURES, *PAST_FEATURES)


def test_the_past_is_scaled_with_its_chunk() -> None:
    records = chunks_with_a_past(50)
    factors = with_scaled_glucose(records, 0.1, ALL_FEATURES) / records
    of_chunk = factors[..., Feature.bg.column]
    for name, row in PAST_TABLE.items():
        wanted = of_chunk if row.unit == "mg/dL" else torch.ones_like(of_chunk)
        torch.testing.assert_close(past_of(factors, name), wanted)


def test_what_the_past_says_of_hidden_insulin_is_hidden_with_it() -> None:
    hidden = with_hidden(chunks_with_a_past(100), Feature.bolus_dose, 0.5, ALL_FEATURES)
    nobody_knows = hidden[..., BOLUS].isnan()
    assert (past_of(hidden, "bolus_a_day").isnan() == nobody_knows).all()
    assert nobody_knows.any()
    assert not past_of(hidden, "basal_a_day").isnan().any()


def test_each_input_of_the_past_is_shifted_by_one_chance_of_each_chunk() -> None:
    records = chunks_with_a_past(400)
    records[:100, :, -len(PAST_FEATURES) :] = torch.tensor(UNKNOWN_PAST)
    before = records.clone()
    out = varied(records, TrainingSettings(hide_past=0.0, blur_past=0.3), ALL_FEATURES)
    torch.testing.assert_close(records, before, equal_nan=True)
    torch.testing.assert_close(out[:100], records[:100], equal_nan=True)
    shifts = (out - records)[100:]
    assert (shifts[..., : len(FEATURES)] == 0).all()
    assert (past_of(shifts, PAST_KNOWN) == 0).all()
    in_scales = torch.stack(
        [past_of(shifts, name) / row.spread for name, row in PAST_TABLE.items() if name != PAST_KNOWN]
    )
    torch.testing.assert_close(in_scales, in_scales[:, :, :1].expand_as(in_scales), atol=1e-4, rtol=0)
    assert (in_scales[:, :, 0].std(dim=1) - 0.3).abs().max() < 0.06
    assert torch.corrcoef(in_scales[:, :, 0]).fill_diagonal_(0.0).abs().max() < 0.3


def test_the_past_is_hidden_whole_in_a_share_of_the_chunks() -> None:
    records = chunks_with_a_past(400)
    out = varied(records, TrainingSettings(hide_past=0.2), ALL_FEATURES)
    strangers = past_of(out, PAST_KNOWN)[:, 0] == 0
    assert strangers.float().mean().item() == pytest.approx(0.2, abs=0.06)
    unknown = torch.tensor(UNKNOWN_PAST).expand(int(strangers.sum()), 5, -1)
    torch.testing.assert_close(out[strangers][..., len(FEATURES) :], unknown, equal_nan=True)
    torch.testing.assert_close(out[~strangers], records[~strangers])
    torch.testing.assert_close(out[..., : len(FEATURES)], records[..., : len(FEATURES)])
