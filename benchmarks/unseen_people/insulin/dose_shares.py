"""Insulin in shares of the person's daily dose, beside the plain units."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.unseen_people.insulin.further import FurtherInputs, newly_unknown
from benchmarks.unseen_people.insulin.past import HOURS, people_of, running_mean
from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.records import FEATURES, RECORDS_PER_DAY, RECORDS_PER_HOUR, Feature, Values
from bloodtwin_core.records.features import FeatureRow
from bloodtwin_core.training.augmentation import varied
from bloodtwin_core.training.module import ForecasterTraining
from bloodtwin_core.windows import WindowedSeries

DOSE_DAYS = 7.0
SMALLEST_DOSE = 2.0
"""U a day, below which a dose is not believed."""
BASAL, BOLUS = len(FEATURES), len(FEATURES) + 1


def daily_dose(windows: WindowedSeries) -> Values:
    """All insulin a day, U, as the days up to each record tell, float32 [record]; unknown until a day was known."""
    found: Floats = np.empty(len(windows.series))
    for person in people_of(windows):
        units = person.basal / RECORDS_PER_HOUR + person.bolus
        found[person.rows] = (running_mean(units, DOSE_DAYS) * RECORDS_PER_DAY)[person.places]
    dose: Values = np.where(found >= SMALLEST_DOSE, found, np.nan).astype(np.float32)
    return dose


def shares_of_dose(windows: WindowedSeries) -> Values:
    """Basal as a share of the daily dose a day, and each record's bolus as a share of it, float32 [record, 2]."""
    basal, bolus = (windows.series[:, each.column] for each in (Feature.basal_rate, Feature.bolus_dose))
    dose = daily_dose(windows)
    shares: Values = np.stack([basal * HOURS / dose, bolus / dose], axis=1)
    return shares


DOSE_SHARES = FurtherInputs(
    {name: FeatureRow("1", None, may_be_unknown=True) for name in ("basal_of_dose", "bolus_of_dose")}, shares_of_dose
)


class TellsShares(ForecasterTraining):
    """A training whose records tell of insulin in shares of the dose, unknown where basal or bolus is hidden."""

    dose: Tensor

    def __init__(self, windows: WindowedSeries, *given: Any) -> None:
        super().__init__(windows, *given)
        self.register_buffer("dose", torch.from_numpy(daily_dose(windows)), persistent=False)

    def records(self, rows: Tensor) -> Tensor:
        """Records [chunk, step, feature and further input] of the series, varied while training."""
        plain: Tensor = self.series(rows)
        return with_shares(plain, varied(plain, self.training_settings), self.dose[rows]) if self.training else plain


def with_shares(plain: Tensor, records: Tensor, dose: Tensor) -> Tensor:
    """Varied records [chunk, step, input] with the shares of their own insulin; dose: U a day, [chunk, step]."""
    hidden = newly_unknown(plain, records, Feature.basal_rate) | newly_unknown(plain, records, Feature.bolus_dose)
    dose = dose.masked_fill(hidden.unsqueeze(1), torch.nan)
    shared = records.clone()
    shared[..., BASAL] = records[..., Feature.basal_rate.column] * HOURS / dose
    shared[..., BOLUS] = records[..., Feature.bolus_dose.column] / dose
    return shared
