"""How often drift is told for nothing, and how often in earnest: `python -m benchmarks.publishing.drift_limits`.

A network learns from the first weeks of several people; how it forecasts the days after them is what it was published
with; then it forecasts weeks that it never saw, as they are and as something went wrong with them. Prints, for each
limit of publishing.drift.error and publishing.drift.coverage, the share of weeks beyond it: of undisturbed ones (false
alarms) and of each disturbance.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from bloodtwin_core.config import Settings
from bloodtwin_core.evaluation.forecasts import TestForecasts, join
from bloodtwin_core.evaluation.methods import method_for
from bloodtwin_core.evaluation.testing import forecast_batches
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.pipeline.run_config import read_run_config
from bloodtwin_core.publishing.drift.forecasts import Forecasting, by_pump, by_week
from bloodtwin_core.publishing.drift.judging import COVERAGE, ERROR, FEWEST_WINDOWS
from bloodtwin_core.records import Feature, PumpRecords, Split, records_from_signals
from bloodtwin_core.simulation.history import simulate_wearer
from bloodtwin_core.sources.azt1d.importer import histories
from bloodtwin_core.training import CheckpointFolder, fit
from bloodtwin_core.windows import WindowedSeries, window_series
from bloodtwin_core.windows.scaler import FeatureScaler, fit_scaler

CONFIG = Path("configs/year.yaml")
LEARNT, CHOSEN, JUDGED = 0.45, 0.10, 0.15
"""Shares of each history that the network learns from, is chosen on, and is published with; the rest is new."""
LIMITS = {ERROR: (0.2, 0.3, 0.4, 0.5, 0.6, 0.8), COVERAGE: (0.05, 0.08, 0.10, 0.12, 0.15, 0.20)}
Signal = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Signals:
    """What a disturbance changes: mg/dL, U/h, U of each record, [record]."""

    glucose: Signal
    basal: Signal
    bolus: Signal


def _stuck(signal: Signal, records: int = 12) -> Signal:
    """Every so many records the first of them, again and again."""
    return signal[np.arange(len(signal)) // records * records]


def _noisy(signal: Signal, spread: float) -> Signal:
    return signal + np.random.default_rng(0).normal(0.0, spread, len(signal)).astype(np.float32)


DISTURBANCES: dict[str, Callable[[Signals], Signals]] = {
    "none": lambda as_they_are: as_they_are,
    "glucose 60 mg/dL higher": lambda each: replace(each, glucose=each.glucose + 60),
    "glucose 30 % higher": lambda each: replace(each, glucose=each.glucose * 1.3),
    "noise of 15 mg/dL": lambda each: replace(each, glucose=_noisy(each.glucose, 15.0)),
    "noise of 30 mg/dL": lambda each: replace(each, glucose=_noisy(each.glucose, 30.0)),
    "a reading an hour, held": lambda each: replace(each, glucose=_stuck(each.glucose)),
    "half the swing": lambda each: replace(each, glucose=(each.glucose + np.nanmean(each.glucose)) / 2),
    "boluses not recorded": lambda each: replace(each, bolus=np.zeros_like(each.bolus)),
}
"""What may go wrong with a week."""


def virtual_wearers(count: int, weeks: int, seed: int) -> list[PumpRecords]:
    """So many wearers over so many weeks."""
    return [simulate_wearer(seed, wearer, weeks * 7) for wearer in range(count)]


def people(azt1d: Path) -> list[PumpRecords]:
    """The histories of AZT1D."""
    settings = read_run_config(CONFIG).settings().data
    return [each.records for each in histories(settings.model_copy(update={"source": "azt1d", "root": str(azt1d)}))]


@dataclass(frozen=True)
class Published:
    """A network that was published: its checkpoint, its scaler, and how it did each pump on the days of then."""

    checkpoint: Path
    scaler: FeatureScaler
    before: dict[str, Forecasting]


def published(everybody: Sequence[PumpRecords], settings: Settings, folder: Path) -> Published:
    """Train it."""
    parts = [(_part(each, 0.0, LEARNT), _part(each, LEARNT, LEARNT + CHOSEN), _then(each)) for each in everybody]
    splits = [pair for each in parts for pair in zip(Split, each, strict=True)]
    scaler = fit_scaler([records for split, records in splits if split is Split.train])
    windows = window_series(splits, scaler, settings.data)
    checkpoints = CheckpointFolder(folder / "checkpoints")
    fitted = fit(windows, scaler, settings.model, settings.training, checkpoints, folder / "tensorboard", "drift")
    return Published(fitted.checkpoint, scaler, by_pump(_forecasts(fitted.checkpoint, windows, settings)))


def distances(
    everybody: Sequence[PumpRecords], model: Published, settings: Settings, change: Callable[[Signals], Signals]
) -> dict[str, npt.NDArray[np.float64]]:
    """How far each new week lies off in error and coverage, as publishing judges it, [week]."""
    new = [_changed(_part(each, LEARNT + CHOSEN + JUDGED, 1.0), change) for each in everybody]
    learnt = [(Split.train, _part(each, 0.0, LEARNT)) for each in everybody]
    chosen = [(Split.validate, _part(each, LEARNT, LEARNT + CHOSEN)) for each in everybody]
    splits = [*learnt, *chosen, *((Split.test, each) for each in new)]
    windows = window_series(splits, model.scaler, settings.data)
    found = by_week(_forecasts(model.checkpoint, windows, settings))
    pairs = [
        (made, model.before[pump])
        for (pump, _), made in found.items()
        if made.windows >= FEWEST_WINDOWS and pump in model.before
    ]
    covered = [(made.coverage, then.coverage) for made, then in pairs if made.coverage and then.coverage]
    return {
        ERROR: np.array([made.mae / then.mae - 1.0 for made, then in pairs]),
        COVERAGE: np.array([abs(now - then) for now, then in covered]),
    }


def _forecasts(checkpoint: Path, windows: WindowedSeries, settings: Settings) -> TestForecasts:
    method = method_for(load_checkpoint(checkpoint).forecaster, windows, settings.evaluation, "cpu")
    return join(list(forecast_batches(windows, method.forecast, {}, settings.evaluation)))


def _part(records: PumpRecords, begin: float, end: float) -> PumpRecords:
    return records.rows(int(begin * len(records)), int(end * len(records)))


def _then(records: PumpRecords) -> PumpRecords:
    return _part(records, LEARNT + CHOSEN, LEARNT + CHOSEN + JUDGED)


def _changed(records: PumpRecords, change: Callable[[Signals], Signals]) -> PumpRecords:
    columns = (Feature.bg, Feature.basal_rate, Feature.bolus_dose)
    changed = change(Signals(*(records.values[:, feature.column].copy() for feature in columns)))
    made = records_from_signals(records.pump_id, records.timestamps, changed.glucose, changed.basal, changed.bolus)
    return replace(made, wearer_zone=records.wearer_zone)


def told(everybody: Sequence[PumpRecords], settings: Settings) -> Iterable[str]:
    """The tables, line by line."""
    with TemporaryDirectory() as folder:
        model = published(everybody, settings, Path(folder))
        found = {name: distances(everybody, model, settings, change) for name, change in DISTURBANCES.items()}
    for name, limits in LIMITS.items():
        default = getattr(settings.publishing.drift, name)
        yield f"{name} (default {default:g}), share of weeks beyond {', '.join(f'{limit:g}' for limit in limits)}"
        for disturbance, weeks in found.items():
            shares = "  ".join(f"{(weeks[name] > limit).mean():6.1%}" for limit in limits)
            median, most = np.median(weeks[name]), weeks[name].max()
            yield f"  {disturbance:<26}{shares}   ({len(weeks[name])} weeks, median {median:.2f}, most {most:.2f})"


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--azt1d", type=Path, metavar="FOLDER", help="people of AZT1D beside the virtual wearers")
    parser.add_argument("--wearers", type=int, default=8)
    parser.add_argument("--weeks", type=int, default=24)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    settings = read_run_config(CONFIG).settings()
    groups = {f"{given.wearers} virtual wearers": virtual_wearers(given.wearers, given.weeks, given.seed)}
    if given.azt1d:
        groups["people of AZT1D"] = people(given.azt1d)
    for name, everybody in groups.items():
        sys.stdout.write(f"{name}\n")
        for line in told(everybody, settings):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
