"""The people of both data sets in folds, and the windows that a fold learns from and is judged by."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.unseen_people.folds import folds_of
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.sources import TrainOnlySource
from bloodtwin_core.pipeline.preparing import SPLIT_FILES, Prepared, list_split_files, prepare_loaded, windows_of
from bloodtwin_core.records import Feature
from bloodtwin_core.records.raw_splits import LoadedSplit, load_splits
from bloodtwin_core.sources.azt1d import Azt1dSettings
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.windows import WindowedSeries

BRIST1D = "brist1d"
INSULIN = [Feature.basal_rate.column, Feature.bolus_dose.column]


@dataclass(frozen=True)
class Everybody:
    """The records of both data sets.

    learnt: as the base model has them, AZT1D in three splits and all of BrisT1D to train on. tested: BrisT1D again, in
    three splits, for whoever is left out; ids as in learnt.
    """

    settings: DataSettings
    learnt: list[LoadedSplit]
    tested: list[LoadedSplit]

    @classmethod
    def read(cls, azt1d: Path, brist1d: Path, out: Path) -> "Everybody":
        """Import both data sets; split files are left under out. Raises what the sources raise."""
        of_both = data_settings(
            source="azt1d",
            root=str(azt1d),
            azt1d=Azt1dSettings(days_before_basal=True),
            learn_also_from=[TrainOnlySource(source=BRIST1D, root=str(brist1d))],
        )
        alone = data_settings(source=BRIST1D, root=str(brist1d))
        learnt, tested = (
            load_splits(list_split_files(settings, folder / SPLIT_FILES, folder), folder)
            for settings, folder in ((of_both, out / "both"), (alone, out / BRIST1D))
        )
        named = [dataclasses.replace(part, pump_id=f"{BRIST1D}_{part.pump_id}") for part in tested]
        return cls(of_both, learnt, named)

    def folds(self, folds: int) -> list[list[str]]:
        """The people in folds, both data sets dealt in turn, so that every fold has its share of each."""
        azt1d, brist1d = (_people(parts) for parts in (self.learnt, self.tested))
        of_each = (folds_of(people, {}, folds) for people in ([p for p in azt1d if p not in brist1d], brist1d))
        return [[*one, *other] for one, other in zip(*of_each, strict=True)]

    def without(self, people: Sequence[str]) -> Prepared:
        """What a network learns from that never meets these people."""
        return prepare_loaded([part for part in self.learnt if part.pump_id not in people], self.settings)

    def windows_of(self, people: Sequence[str], learnt: Prepared) -> WindowedSeries:
        """The windows of people left out, AZT1D's first."""
        own = [part for part in self.learnt if part.pump_id in people and not part.train_only]
        own += [part for part in self.tested if part.pump_id in people]
        return windows_of(own, learnt.scaler, self.settings)


def _people(parts: Sequence[LoadedSplit]) -> list[str]:
    return list(dict.fromkeys(part.pump_id for part in parts))


def is_brist1d(pump_id: str) -> bool:
    """Whether a person is of BrisT1D."""
    return pump_id.startswith(f"{BRIST1D}_")


def with_unknown_insulin(windows: WindowedSeries, *, brist1d_alone: bool) -> WindowedSeries:
    """The same windows, in which nothing is known of insulin, of BrisT1D's people alone or of everybody's."""
    series = np.array(windows.series)
    for rows in _rows_of(windows, brist1d_alone):
        series[rows, INSULIN[0]] = series[rows, INSULIN[1]] = np.nan
    return dataclasses.replace(windows, series=series)


def _rows_of(windows: WindowedSeries, brist1d_alone: bool) -> Iterator[slice]:
    for segment in windows.segments:
        if is_brist1d(segment.pump_id) or not brist1d_alone:
            yield slice(segment.start, segment.stop)
