"""What a fold's network forecasts for the people that it never met, with their insulin and without."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from benchmarks.unseen_people.insulin.further import NOTHING_FURTHER, FurtherInputs
from benchmarks.unseen_people.insulin.people import INSULIN, with_unknown_insulin
from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import FittedBaseline, ar2, ridge_baseline
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.network.scan import scan_forecasts
from bloodtwin_core.records import Feature, Glucose, Mask, Rows, Split, Timestamps
from bloodtwin_core.windows import WindowedSeries, in_batches

BATCH_WINDOWS = 4096
"""Windows whose lookbacks are in memory together."""

Quantiles = npt.NDArray[np.float32]


@dataclass(frozen=True)
class LeftOutForecasts:
    """All available windows of people left out, in order of pump and time; glucose in mg/dL.

    pump, timestamp, last, complete: [window]. known: [window], whether basal and bolus were known at the origin.
    target, measured, told, hidden: [window, step]; told is forecast with what is known of insulin, hidden without.
    ar2, ridge: [window, step], the baselines; ridge is fitted on what the network learnt from, and told of insulin.
    told_quantiles, hidden_quantiles: [window, step, level].
    """

    pump: npt.NDArray[np.str_]
    timestamp: Timestamps
    last: npt.NDArray[np.float32]
    complete: Mask
    known: Mask
    target: Glucose
    measured: Mask
    told: Glucose
    told_quantiles: Quantiles
    hidden: Glucose
    hidden_quantiles: Quantiles
    ar2: Glucose
    ridge: Glucose

    def __len__(self) -> int:
        return len(self.pump)

    def take(self, which: Mask) -> Self:
        """Some of the windows."""
        return type(self)(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    def write(self, path: Path) -> None:
        """Keep them as .npz."""
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def read(cls, path: Path) -> Self:
        """What write kept."""
        with np.load(path) as file:
            return cls(**file)

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """The windows of several folds."""
        return cls(**{field.name: np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(cls)})


def forecasts_of(
    forecaster: GlucoseForecaster,
    windows: WindowedSeries,
    splits: Sequence[Split],
    learnt: WindowedSeries,
    inputs: FurtherInputs = NOTHING_FURTHER,
) -> LeftOutForecasts:
    """Scan all available windows of some splits, with insulin as it is known and with none.

    windows and learnt, which is for ridge, are of the eight features; inputs are what the network reads beside them.
    """
    rows = np.concatenate([np.asarray(windows.origins[split].rows) for split in splits])
    complete = np.concatenate([np.asarray(windows.origins[split].complete) for split in splits])
    order = np.argsort(rows)
    rows, complete = rows[order], complete[order]
    target, measured = windows.targets(rows)
    told = scan_forecasts(forecaster, inputs.beside(windows), rows)
    unknown = with_unknown_insulin(windows, brist1d_alone=False)
    hidden = scan_forecasts(forecaster, inputs.beside(unknown), rows)
    return LeftOutForecasts(
        pump=windows.pump_of(rows),
        timestamp=windows.timestamps[rows],
        last=windows.series[rows, Feature.bg.column],
        complete=complete,
        known=np.isfinite(windows.series[rows][:, INSULIN]).all(axis=1),
        target=target,
        measured=measured,
        told=told.prediction.numpy(),
        told_quantiles=told.quantiles.numpy(),
        hidden=hidden.prediction.numpy(),
        hidden_quantiles=hidden.quantiles.numpy(),
        ar2=ar2(windows, rows),
        ridge=_in_batches(ridge_baseline(learnt, EvaluationSettings()), windows, rows),
    )


def _in_batches(baseline: FittedBaseline, windows: WindowedSeries, rows: Rows) -> Glucose:
    parts = [baseline.predict(windows, rows[batch]) for batch in in_batches(len(rows), BATCH_WINDOWS)]
    forecast: Glucose = np.concatenate(parts)
    return forecast
