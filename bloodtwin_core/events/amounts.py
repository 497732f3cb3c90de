"""Amounts of an extra feature in each five minutes: summed where they were told, not a gram lost or made up."""

from dataclasses import dataclass

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.events.grid import Bins, bins_of, ends_of
from bloodtwin_core.events.kinds import AmountEvents
from bloodtwin_core.events.silence import lately
from bloodtwin_core.records import FEATURE_TABLE


@dataclass(frozen=True)
class AmountsInRecords:
    """amount: [record], in the feature's unit, NaN where nobody knows; outside: what of the events no record holds."""

    amount: Floats
    outside: float


def amounts_in(bins: Bins, feature: str, events: AmountEvents) -> AmountsInRecords:
    """The events of a feature in the bins of the records, ascending.

    Where nothing was told it is 0, but unknown before the first event and after LONGEST_SILENCE without any: whoever
    tells anything does so every day, and somebody who never does has not been fasting. What exceeds the feature's limit
    in one record is left out and counts as outside.
    """
    told = bins_of(events.times)
    place = np.minimum(np.searchsorted(bins, told), len(bins) - 1)
    recorded = bins[place] == told
    amount = np.zeros(len(bins))
    np.add.at(amount, place[recorded], events.amount[recorded])
    if (limits := FEATURE_TABLE[feature].limits) is not None:
        amount = np.minimum(amount, limits.high)
    outside = float(events.amount.sum() - amount.sum())
    amount[~lately(events.times, ends_of(bins))] = np.nan
    return AmountsInRecords(amount, round(outside, 3))
