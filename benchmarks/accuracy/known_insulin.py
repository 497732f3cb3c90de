"""A network that need not learn what insulin does: its known effect is taken out of glucose and put back on.

Loop's counteraction effects, as input and as target: the change of glucose that the network reads is the one that there
would have been without the insulin given so far, and so is the change that it forecasts; then what that insulin will do
by the curve of action is added. The sensitivity is each person's by the rule of 1700, from the train split.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.insulin.action import RAPID, REACH_MINUTES
from bloodtwin_core.insulin.sensitivity import CORRECTION_RULE
from bloodtwin_core.records import RECORD_MINUTES, RECORDS_PER_DAY, Feature, Split
from bloodtwin_core.training.module import ForecasterTraining, Supervised
from bloodtwin_core.windows import WindowedSeries

_GIVEN = RECORD_MINUTES / 2
"""Minutes before the end of its record at which an insulin was given, on average."""
INSULIN = (Feature.basal_rate.column, Feature.bolus_dose.column)


class InsulinTakenOut(ForecasterTraining):
    """The known effect of insulin is taken out; the network is told of the insulin as ever."""

    told_insulin = True
    to_come: Tensor
    just_now: Tensor

    def __init__(self, windows: WindowedSeries, *given: Any) -> None:
        super().__init__(windows, *given)
        per_unit = sensitivity_of_each_record(windows)
        to_come = acted_between(windows, np.arange(self.horizon + 1) * float(RECORD_MINUTES))
        self.register_buffer("to_come", torch.from_numpy(-per_unit[:, None] * to_come).float(), persistent=False)
        just_now = -per_unit * acted_between(windows, np.array([-float(RECORD_MINUTES), 0.0]))[:, 0]
        self.register_buffer("just_now", torch.from_numpy(just_now).float(), persistent=False)
        self.register_buffer("per_unit", torch.from_numpy(per_unit).float(), persistent=False)

    def records(self, rows: Tensor) -> Tensor:
        """Records as usual, with the change of glucose that there would have been without insulin."""
        records = super().records(rows).clone()
        records[..., Feature.delta_bg.column] -= self.just_now[rows]
        if not self.told_insulin:
            records[..., INSULIN] = 0.0
        return records

    def dense(self, chunks: Tensor, length: int) -> Supervised:
        """As usual, with what the insulin given so far will do on top of what the network says."""
        found = super().dense(chunks, length)
        effect = self.to_come[found.rows] / self.forecaster.glucose_scale
        return found._replace(change=found.change + effect[None, :, None, :])

    def answer(self, rows: Tensor, dose: float) -> Tensor:
        """What it makes of so many U more in the last record, mg/dL [window, horizon]."""
        minutes = torch.arange(1, self.horizon + 1) * float(RECORD_MINUTES)
        acted = torch.from_numpy(RAPID.acted(minutes.numpy())).float()
        effect: Tensor = -self.per_unit[rows][:, None] * dose * acted
        return network_answer(self, rows, dose if self.told_insulin else 0.0) + effect


class InsulinTakenOutUntold(InsulinTakenOut):
    """The same, and the network is told of no insulin at all: what it answers to a dose is the curve's effect alone."""

    told_insulin = False


def network_answer(module: ForecasterTraining, rows: Tensor, dose: float) -> Tensor:
    """What the network itself makes of so many U more in the last record, mg/dL [window, horizon]."""
    lookback = module.records(rows[:, None] + torch.arange(1 - module.lookback, 1))
    more = lookback.clone()
    more[:, -1, Feature.bolus_dose.column] += dose
    forecaster = module.forecaster
    difference: Tensor = forecaster.point_of(forecaster.change(more)) - forecaster.point_of(forecaster.change(lookback))
    return difference * forecaster.glucose_scale


def sensitivity_of_each_record(windows: WindowedSeries) -> Floats:
    """mg/dL per U of each record's person, [record]: the rule of 1700 on the known insulin of the train split."""
    per_unit = np.full(len(windows.series), np.nan)
    learnt = np.zeros(len(windows.series), np.bool_)
    for segment in windows.segments_of(Split.train):
        learnt[segment.start : segment.stop] = True
    pumps = windows.pump_of(np.arange(len(windows.series)))
    basal, bolus = (windows.series[:, column].astype(np.float64) for column in INSULIN)
    known = learnt & np.isfinite(basal) & np.isfinite(bolus)
    for pump in np.unique(pumps):
        own = pumps == pump
        units = basal[own & known] * RECORD_MINUTES / 60.0 + bolus[own & known]
        per_unit[own] = CORRECTION_RULE / (units.mean() * RECORDS_PER_DAY) if len(units) and units.any() else 0.0
    return per_unit


def acted_between(windows: WindowedSeries, minutes: Floats) -> Floats:
    """U that act between each time and the first of them, counted from each record, [record, time - 1].

    Of the insulin of the record and those before it in its segment; what is unknown counts as none.
    """
    basal, bolus = (np.nan_to_num(windows.series[:, column].astype(np.float64)) for column in INSULIN)
    units = basal * RECORD_MINUTES / 60.0 + bolus
    ages = _GIVEN + np.arange(0.0, REACH_MINUTES + RECORD_MINUTES, RECORD_MINUTES)
    kernels = RAPID.acted(ages[:, None] + minutes[1:]) - RAPID.acted(ages + minutes[0])[:, None]
    acted = np.zeros((len(units), len(minutes) - 1))
    for segment in windows.segments:
        own = slice(segment.start, segment.stop)
        for column, kernel in enumerate(kernels.T):
            acted[own, column] = np.convolve(units[own], kernel)[: segment.stop - segment.start]
    return acted
