"""What gradient boosting reaches on the same windows: `python -m benchmarks.evaluation.boosting --azt1d FOLDER`.

Its trees see the lookback that the network sees and forecast the change from the last reading, each step by itself.
Settings are chosen by validation MAE, then test windows are opened once. OUT gets the forecasts:
`bloodtwin compare ARTIFACTS OUT` compares a network with it.
"""

import argparse
import logging
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingRegressor

from bloodtwin_core.config import DataSettings, EvaluationSettings
from bloodtwin_core.evaluation.baselines import fit_baselines
from bloodtwin_core.evaluation.baselines.ridge import BATCH_WINDOWS, ORIGIN_COLUMNS
from bloodtwin_core.evaluation.forecasts import join, without_uncertainty
from bloodtwin_core.evaluation.forecasts_files import write_forecasts
from bloodtwin_core.evaluation.measuring import measure
from bloodtwin_core.evaluation.metrics import TARGET_MINUTES, error_sums, step_at
from bloodtwin_core.evaluation.results import TestedModel
from bloodtwin_core.evaluation.testing import forecast_batches, index_of
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.preparing import prepare
from bloodtwin_core.records import GLUCOSE_LIMITS, RECORDS_PER_HOUR, Feature, Glucose, Rows, Split
from bloodtwin_core.reporting.text_tables import results_table
from bloodtwin_core.windows import WindowedSeries, in_batches
from bloodtwin_core.windows.storage import fingerprint_of

logger = logging.getLogger("benchmarks.evaluation.boosting")
STOPPING = {"early_stopping": True, "scoring": "neg_mean_absolute_error", "n_iter_no_change": 20, "max_iter": 800}
"""A model has as many trees as lower the validation MAE, and the 20 that did not."""
EVERY_RECORD, EVERY_THIRD = 2 * RECORDS_PER_HOUR, 6 * RECORDS_PER_HOUR
"""Records before the origin up to which all and every third are seen; beyond, and of basal rates, one an hour."""
Columns = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Candidate:
    """Settings of the trees; each differs from the first in what its name says.

    stride: a model learns from every stride-th training window. members: so many models, each beginning at another
    window, whose forecasts are averaged. columns_tried: share of the columns among which each split is sought.
    """

    name: str
    loss: str = "absolute_error"
    learning_rate: float = 0.05
    leaves: int = 31
    columns_tried: float = 0.1
    stride: int = 4
    members: int = 1
    every_record: bool = False


FIRST = Candidate("absolute error, rate 0.05, 31 leaves, a tenth of the columns tried, every 4th window")
CANDIDATES = (
    FIRST,
    replace(FIRST, name="every record of the lookback", every_record=True),
    replace(FIRST, name="squared error", loss="squared_error"),
    replace(FIRST, name="all columns tried", columns_tried=1.0),
    replace(FIRST, name="15 leaves", leaves=15),
    replace(FIRST, name="63 leaves", leaves=63),
    replace(FIRST, name="rate 0.1", learning_rate=0.1),
    replace(FIRST, name="every 8th window", stride=8),
    replace(FIRST, name="every window", stride=1),
    replace(FIRST, name="mean of 4, each with other windows", members=4),
)


def inputs(windows: WindowedSeries, rows: Rows, every_record: bool) -> Columns:
    """What the trees see of each origin, [window, column]: further back fewer records, unless every_record.

    Glucose is relative to the last reading, NaN where it was not measured; of boluses the sum since then is seen.
    """
    everything = np.arange(windows.lookback)
    ages, hours = (everything,) * 2 if every_record else (seen_ages(windows.lookback), everything[::RECORDS_PER_HOUR])
    return np.concatenate([_inputs(windows, rows[b], ages, hours) for b in in_batches(len(rows), BATCH_WINDOWS)])


def _inputs(windows: WindowedSeries, rows: Rows, ages: Places, hours: Places) -> Columns:
    back, last = windows.lookbacks(rows)[:, ::-1], windows.series[rows, Feature.bg.column]
    measured = back[:, ages, Feature.bg_missing_flag.column] == 0
    glucose = np.where(measured, back[:, ages, Feature.bg.column] - last[:, None], np.nan)
    bolus = np.cumsum(back[..., Feature.bolus_dose.column], axis=1)[:, ages]
    basal = back[:, hours, Feature.basal_rate.column]
    return np.concatenate([glucose, bolus, basal, last[:, None], windows.series[rows][:, ORIGIN_COLUMNS]], axis=1)


def seen_ages(lookback: int) -> Places:
    """How many records before the origin those lie that are seen, rising, [place]."""
    age = np.arange(lookback)
    ages: Places = age[(age < EVERY_RECORD) | ((age < EVERY_THIRD) & (age % 3 == 0)) | (age % RECORDS_PER_HOUR == 0)]
    return ages


@dataclass(frozen=True)
class BoostedForecaster:
    """models: for each step the members whose forecasts are averaged."""

    models: Sequence[Sequence[HistGradientBoostingRegressor]]
    every_record: bool

    def predict(self, windows: WindowedSeries, rows: Rows) -> Glucose:
        """Forecasts within the glucose limits (mg/dL), [window, step]."""
        seen = inputs(windows, rows, self.every_record)
        change = [np.mean([member.predict(seen) for member in members], axis=0) for members in self.models]
        last = windows.series[rows, Feature.bg.column, None]
        forecast: Glucose = (last + np.stack(change, axis=1)).astype(np.float32)
        return np.clip(forecast, GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high)


def fit(windows: WindowedSeries, candidate: Candidate, steps: Iterable[int]) -> BoostedForecaster:
    """A model for each of the steps, counted from 1, and each member."""
    return BoostedForecaster([_fit_step(windows, candidate, step) for step in steps], candidate.every_record)


def _fit_step(windows: WindowedSeries, candidate: Candidate, step: int) -> list[HistGradientBoostingRegressor]:
    train, validate = (windows.origins[split].rows for split in (Split.train, Split.validate))
    validation = examples(windows, validate, step, candidate.every_record)
    members = []
    for member in range(candidate.members):
        model = HistGradientBoostingRegressor(
            loss=candidate.loss,
            learning_rate=candidate.learning_rate,
            max_leaf_nodes=candidate.leaves,
            max_features=candidate.columns_tried,
            random_state=member,
            **STOPPING,
        )
        seen, change = examples(windows, train[member :: candidate.stride], step, candidate.every_record)
        members.append(model.fit(seen, change, X_val=validation[0], y_val=validation[1]))
    return members


def examples(windows: WindowedSeries, rows: Rows, step: int, every_record: bool) -> tuple[Columns, Columns]:
    """Inputs [window, column] and change from the last reading [window], mg/dL, where the step was measured."""
    target, measured = (of_steps[:, step - 1] for of_steps in windows.targets(rows))
    kept = rows[measured]
    return inputs(windows, kept, every_record), target[measured] - windows.series[kept, Feature.bg.column]


def validation_mae(windows: WindowedSeries, candidate: Candidate) -> list[float]:
    """MAE (mg/dL) AT 30 and 60 minutes on the validation windows where those were measured."""
    steps, rows = np.array([step_at(minutes) for minutes in TARGET_MINUTES]), windows.origins[Split.validate].rows
    target, measured = windows.targets(rows)
    forecast = fit(windows, candidate, steps).predict(windows, rows)
    errors = error_sums(forecast, target[:, steps - 1], measured[:, steps - 1])
    found: list[float] = (errors.sums["mae"] / errors.targets).tolist()
    logger.info("%s: %s mg/dL, %.0f s so far", candidate.name, found, time.process_time())
    return found


def study(windows: WindowedSeries, candidates: Sequence[Candidate], out: Path) -> str:
    """Choose on validation windows, test once; gives the tables, and leaves the forecasts under out."""
    settings, validation = EvaluationSettings(), windows.origins[Split.validate].rows
    maes = {candidate: validation_mae(windows, candidate) for candidate in candidates}
    chosen = min(maes, key=lambda candidate: sum(maes[candidate]))
    boosted, baselines = fit(windows, chosen, range(1, windows.horizon + 1)), fit_baselines(windows, settings)
    targets = windows.targets(validation)
    errors = [error_sums(each.predict(windows, validation), *targets) for each in (boosted, baselines["ridge"])]
    overall = [each.mae(1, windows.horizon) for each in errors]
    forecast = without_uncertainty(partial(boosted.predict, windows))
    tested = join(list(forecast_batches(windows, forecast, baselines, settings)))
    fingerprint = fingerprint_of(windows)
    model = TestedModel(model_version="gradient boosting", checkpoint_sha256="", data_fingerprint=fingerprint)
    index = index_of(windows, baselines, model)
    write_forecasts(ArtifactStore(out).test_forecasts, [tested], index)
    lines = [f"| {each.name} | {at_30:.2f} | {at_60:.2f} |" for each, (at_30, at_60) in maes.items()]
    parts = [
        "\n".join(["| validation MAE, mg/dL | AT 30 min | AT 60 min |", "|---|---|---|", *lines]),
        f"Chosen: {chosen.name}. Validation MAE over all steps {overall[0]:.2f}, ridge {overall[1]:.2f} mg/dL.",
        results_table(measure(tested, windows, index, settings), model="boosting"),
        f"{time.process_time() / 60:.1f} minutes of processor time.",
    ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluation.boosting", description=__doc__)
    parser.add_argument("--azt1d", required=True, type=Path, help="folder of AZT1D")
    parser.add_argument("--out", type=Path, default=Path("artifacts/boosting"), help="where everything goes")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    windows = prepare(DataSettings(source="azt1d", root=str(given.azt1d)), given.out).windows
    sys.stdout.write(study(windows, CANDIDATES, given.out))


if __name__ == "__main__":
    main()
