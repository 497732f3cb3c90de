"""Insulin that is split into basal and bolus anew, chunk by chunk, since where the border lies is an estimate."""

import math

import torch
from torch import Tensor

from bloodtwin_core.records import RECORDS_PER_HOUR, Feature
from bloodtwin_core.training.augmentation import varied
from bloodtwin_core.training.module import ForecasterTraining

SHARE = 0.5
"""Of the chunks whose insulin is split anew."""
SMALLEST, LARGEST = 0.05, 0.5
"""U in five minutes: between them lies the border up to which insulin is basal, even in its logarithm."""


class SplitAnew(ForecasterTraining):
    """A training in which half of the chunks have more or less of their insulin as basal; the sum stays."""

    def records(self, rows: Tensor) -> Tensor:
        """Records [chunk, step, feature] of the series, split anew and varied while training."""
        records: Tensor = self.series(rows)
        return varied(with_insulin_split_anew(records), self.training_settings) if self.training else records


def with_insulin_split_anew(records: Tensor) -> Tensor:
    """Records [chunk, step, feature] of which a chunk in two has what exceeds a border of its own as bolus."""
    basal, bolus = (records[..., each.column] for each in (Feature.basal_rate, Feature.bolus_dose))
    units = basal / RECORDS_PER_HOUR + bolus
    drawn = torch.rand(len(records), 1, device=records.device)
    border = torch.exp(math.log(SMALLEST) + drawn * math.log(LARGEST / SMALLEST))
    anew = (torch.rand(len(records), 1, device=records.device) < SHARE) & units.isfinite()
    split = records.clone()
    below = torch.minimum(units, border)
    split[..., Feature.basal_rate.column] = torch.where(anew, below * RECORDS_PER_HOUR, basal)
    split[..., Feature.bolus_dose.column] = torch.where(anew, units - below, bolus)
    return split
