"""Inputs beyond the contract's eight, which a study computes from the records: columns of the series, read as features.

Every part of the program looks a feature up in FEATURE_TABLE, so a study adds its rows there while it runs.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from bloodtwin_core.records import FEATURE_TABLE, FEATURES, Feature, Split, Values
from bloodtwin_core.records.features import FeatureRow
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.scaler import FeatureScaler


@dataclass(frozen=True)
class FurtherInputs:
    """Further inputs by name, and how they are computed from windows of the eight: float32 [record, input]."""

    rows: Mapping[str, FeatureRow]
    computed: Callable[[WindowedSeries], Values]

    def beside(self, windows: WindowedSeries) -> WindowedSeries:
        """The windows, whose series has the inputs beside the eight features."""
        series = np.concatenate([windows.series, self.computed(windows)], axis=1)
        return dataclasses.replace(windows, series=series, features=(*windows.features, *self.rows))

    def scaled_with(self, scaler: FeatureScaler, windows: WindowedSeries) -> FeatureScaler:
        """The scaler with the further inputs: mean and standard deviation of those of the train split, in windows."""
        learnt = np.concatenate(
            [windows.series[s.start : s.stop, len(FEATURES) :] for s in windows.segments_of(Split.train)]
        )
        return FeatureScaler(
            features=[*scaler.features, *self.rows],
            centre=[*scaler.centre, *np.nanmean(learnt, axis=0, dtype=np.float64).tolist()],
            scale=[*scaler.scale, *np.maximum(np.nanstd(learnt, axis=0, dtype=np.float64), 1e-6).tolist()],
            records=scaler.records,
        )


NOTHING_FURTHER = FurtherInputs({}, lambda windows: np.empty((len(windows.series), 0), dtype=np.float32))
"""The eight alone."""


@contextmanager
def known_to_the_table(inputs: FurtherInputs) -> Iterator[None]:
    """Meanwhile, the inputs are rows of FEATURE_TABLE."""
    FEATURE_TABLE.update(inputs.rows)
    try:
        yield
    finally:
        for name in inputs.rows:
            del FEATURE_TABLE[name]


def newly_unknown(plain: Tensor, records: Tensor, feature: Feature) -> Tensor:
    """In which chunks, [chunk], varied records know nothing of a feature of which plain ones do."""
    varied, before = (each[..., feature.column].isnan().all(dim=1) for each in (records, plain))
    return varied & ~before
