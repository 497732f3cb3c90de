"""Variety that no wearer's records hold: glucose a little higher or lower, insulin unknown or known less well.

A network that is taught with insulin of one quality alone leans on it, and is worse for people whose insulin is unknown
or recorded otherwise. Every chunk is drawn for itself; what is switched off (0) draws nothing and changes nothing.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from bloodtwin_core.config import TrainingSettings
from bloodtwin_core.records import (
    FEATURES,
    PAST_FEATURES,
    PAST_KNOWN,
    PAST_TABLE,
    RECORDS_PER_DAY,
    RECORDS_PER_HOUR,
    UNKNOWN_PAST,
    Feature,
    has_past,
)


def varied(records: Tensor, training: TrainingSettings, features: Sequence[str] = FEATURES) -> Tensor:
    """Records [chunk, step, feature] in physical units, varied as training says; they themselves stay as they are.

    features names their columns; what the past says of the wearer follows what is done to the records. Targets must be
    taken from what this returns, so that they are scaled alike.
    """
    if training.glucose_spread:
        records = with_scaled_glucose(records, training.glucose_spread, features)
    if training.coarse_basal:
        records = with_coarse_basal(records, training.coarse_basal)
    if training.hide_basal:
        records = with_hidden(records, Feature.basal_rate, training.hide_basal, features)
    if training.hide_bolus:
        records = with_hidden(records, Feature.bolus_dose, training.hide_bolus, features)
    if training.blur_past and has_past(features):
        records = with_blurred_past(records, training.blur_past)
    if training.hide_past and has_past(features):
        records = with_hidden_past(records, training.hide_past)
    return records


def with_scaled_glucose(records: Tensor, spread: float, features: Sequence[str] = FEATURES) -> Tensor:
    """Records [chunk, step, feature] with glucose, its change and its past, of each chunk, times a factor of its own.

    The factor's logarithm is normally distributed around 0 with the given spread. Shares of time that were low or high
    stay what they are. Targets must be taken from what this returns, so that they are scaled alike. docs/accuracy.md
    says where it helped and where it did not.
    """
    factors = torch.exp(spread * torch.randn(len(records), 1, device=records.device))
    scaled = records.clone()
    for column in (Feature.delta_bg.column, *_columns_of(Feature.bg, features)):
        scaled[..., column] *= factors
    return scaled


def with_hidden(records: Tensor, feature: Feature, share: float, features: Sequence[str] = FEATURES) -> Tensor:
    """Records [chunk, step, feature] of which a share of the chunks, by chance, does not know the feature: NaN.

    Nor do they know what the past says of it.
    """
    hidden, drawn = records.clone(), _drawn(records, share)
    for column in _columns_of(feature, features):
        hidden[drawn, :, column] = math.nan
    return hidden


def with_hidden_past(records: Tensor, share: float) -> Tensor:
    """Records [chunk, step, feature and past] of which a share of the chunks, by chance, knows nothing of the past."""
    hidden = records.clone()
    hidden[_drawn(records, share), :, -len(PAST_FEATURES) :] = hidden.new_tensor(UNKNOWN_PAST)
    return hidden


def with_blurred_past(records: Tensor, spread: float) -> Tensor:
    """Records [chunk, step, feature and past], each input of the past of each chunk shifted by a chance of its own.

    Shifts are normally distributed around 0, spread times the input's scale; whether a past is known stays as it is.
    A few dozen people have as many pasts, which a network could learn by heart.
    """
    scale = records.new_tensor([0.0 if name == PAST_KNOWN else row.spread for name, row in PAST_TABLE.items()])
    blurred = records.clone()
    blurred[..., -len(PAST_FEATURES) :] += (
        spread * scale * torch.randn(len(records), 1, len(scale), device=records.device)
    )
    return blurred


def _columns_of(feature: Feature, features: Sequence[str]) -> list[int]:
    """The columns of a feature and of what the past says of it."""
    past = [
        column for column, name in enumerate(features) if name in PAST_TABLE and PAST_TABLE[name].follows == feature
    ]
    return [feature.column, *past]


def with_coarse_basal(records: Tensor, share: float) -> Tensor:
    """Records [chunk, step, feature] of which a share of the chunks, by chance, has its basal as AZT1D does.

    That is the mean of each clock hour, known when it is over and therefore placed on the hour after.
    """
    coarse = records.clone()
    basal = hourly_an_hour_late(records[..., Feature.basal_rate.column], _first_place_in_hour(records))
    drawn = _drawn(records, share)
    coarse[drawn, :, Feature.basal_rate.column] = basal[drawn]
    return coarse


def hourly_an_hour_late(basal: Tensor, first_place: Tensor) -> Tensor:
    """The mean of the clock hour before, U/h [chunk, step], of a basal rate [chunk, step] in neighbouring records.

    first_place: [chunk], which record of its hour the first step is, 0 to 11. An hour's mean is that of its records in
    the chunk that are known, NaN if none is. The first hour, before which the chunk knows nothing, has its first rate.
    """
    hours = (torch.arange(basal.shape[1], device=basal.device) + first_place.unsqueeze(1)) // RECORDS_PER_HOUR
    of_hour = basal.new_zeros(len(basal), basal.shape[1] // RECORDS_PER_HOUR + 2)
    units = of_hour.scatter_add(1, hours, basal.nan_to_num())
    known = of_hour.scatter_add(1, hours, basal.isfinite().to(basal.dtype))
    before = torch.cat([basal[:, :1], (units / known)[:, :-1]], dim=1)
    return before.gather(1, hours)


def _first_place_in_hour(records: Tensor) -> Tensor:
    """Which record of its clock hour the first of each chunk is, [chunk], as its sine and cosine of the day tell."""
    angle = torch.atan2(records[:, 0, Feature.sin_time.column], records[:, 0, Feature.cos_time.column])
    return (angle * (RECORDS_PER_DAY / math.tau)).round().long() % RECORDS_PER_HOUR


def _drawn(records: Tensor, share: float) -> Tensor:
    """Which chunks [chunk] of records are drawn, each with the probability share."""
    return torch.rand(len(records), device=records.device) < share
