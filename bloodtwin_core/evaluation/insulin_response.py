"""What a forecaster says about other insulin, beside what pharmacology says: a forecast is no what-if.

In each test window the last record gets a dose that nobody gave, or the last hour loses its basal, and the forecast is
made again. The network has only ever seen boluses that came with meals and highs, so its answer tells what such doses
go along with. Beside it stands Loop's action curve with the sensitivity that the rule of 1700 gives for the insulin of
the window itself (insulin/). Use serving/what_if.py to ask what insulin would do.
"""

from dataclasses import dataclass

import numpy as np
import torch

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.insulin_answers import InsulinAnswer, InsulinResponse
from bloodtwin_core.evaluation.metrics import TARGET_MINUTES, step_at
from bloodtwin_core.insulin.action import RAPID
from bloodtwin_core.insulin.sensitivity import CORRECTION_RULE
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.network.inference import inference
from bloodtwin_core.records import (
    BOLUS_LIMITS,
    RECORD_MINUTES,
    RECORDS_PER_DAY,
    RECORDS_PER_HOUR,
    Feature,
    Split,
    Values,
)
from bloodtwin_core.windows import WindowedSeries, evenly_spread, in_batches

DOSES = (1.0, 3.0, 6.0)
"""U, given now."""
WITHOUT_BASAL = "an hour without basal"
MOST_WINDOWS = 800
"""Complete test windows with known insulin, evenly spread, on which the question is asked."""


@dataclass(frozen=True)
class _Change:
    """A change of the last records: a dose in the last one, or no basal in the last hour."""

    name: str
    dose: float = 0.0

    def changed(self, lookbacks: Values) -> Values:
        """Lookbacks [window, lookback, feature] with the change."""
        changed = lookbacks.copy()
        if self.dose:
            bolus = changed[:, -1, Feature.bolus_dose.column] + self.dose
            changed[:, -1, Feature.bolus_dose.column] = np.minimum(bolus, BOLUS_LIMITS.high)
        else:
            changed[:, -RECORDS_PER_HOUR:, Feature.basal_rate.column] = 0.0
        return changed

    def units_acted(self, lookbacks: Values, minutes: int) -> Floats:
        """U whose effect comes between now and so many minutes from now because of the change, [window]."""
        if self.dose:
            return np.full(len(lookbacks), self.dose * RAPID.acted(minutes))
        ages = RECORD_MINUTES * np.arange(RECORDS_PER_HOUR)[::-1] + RECORD_MINUTES / 2
        taken = lookbacks[:, -RECORDS_PER_HOUR:, Feature.basal_rate.column] * RECORD_MINUTES / 60.0
        acted: Floats = -taken.astype(np.float64) @ (RAPID.acted(ages + minutes) - RAPID.acted(ages))
        return acted


def insulin_response(
    forecaster: GlucoseForecaster,
    windows: WindowedSeries,
    settings: EvaluationSettings,
    device: torch.device | str = "cpu",
) -> InsulinResponse | None:
    """Ask a network about other insulin; None where no complete test window has known insulin to change."""
    rows = _rows_with_insulin(windows)
    minutes = [each for each in TARGET_MINUTES if step_at(each) <= windows.horizon]
    if not len(rows) or not minutes:
        return None
    changes = [*(_Change(f"{dose:g} U now", dose) for dose in DOSES), _Change(WITHOUT_BASAL)]
    steps = [step_at(each) - 1 for each in minutes]
    said, expected = np.zeros((len(changes), len(minutes))), np.zeros((len(changes), len(minutes)))
    sensitivities = []
    with inference(forecaster, device):
        for batch in in_batches(len(rows), settings.batch_size):
            lookbacks = windows.lookbacks(rows[batch])
            per_unit = CORRECTION_RULE / _units_a_day(lookbacks)
            sensitivities.append(per_unit)
            plain = forecaster(torch.from_numpy(lookbacks).to(device)).cpu().numpy()
            for place, change in enumerate(changes):
                other = forecaster(torch.from_numpy(change.changed(lookbacks)).to(device)).cpu().numpy()
                said[place] += (other - plain)[:, steps].sum(axis=0, dtype=np.float64)
                expected[place] += [-(per_unit * change.units_acted(lookbacks, each)).sum() for each in minutes]
    answers = [
        InsulinAnswer(
            change=change.name,
            minutes=each,
            forecaster=float(said[place, column] / len(rows)),
            pharmacology=float(expected[place, column] / len(rows)),
        )
        for place, change in enumerate(changes)
        for column, each in enumerate(minutes)
    ]
    median = float(np.median(np.concatenate(sensitivities)))
    return InsulinResponse(windows=len(rows), sensitivity=median, answers=answers)


def _rows_with_insulin(windows: WindowedSeries) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Complete test windows in which insulin is known throughout and was given, and an hour of basal ran at the end."""
    origins = windows.origins[Split.test]
    if windows.lookback < RECORDS_PER_HOUR:
        return np.empty(0, dtype=np.int64)
    rows = evenly_spread(origins.rows[origins.complete], 4 * MOST_WINDOWS)
    known = [row for row in rows.tolist() if _has_insulin(windows, row)]
    return evenly_spread(np.array(known, dtype=np.int64), MOST_WINDOWS)


def _has_insulin(windows: WindowedSeries, row: int) -> bool:
    insulin = windows.series[
        row - windows.lookback + 1 : row + 1, [Feature.basal_rate.column, Feature.bolus_dose.column]
    ]
    return bool(np.isfinite(insulin).all() and insulin[-RECORDS_PER_HOUR:, 0].all() and insulin.any())


def _units_a_day(lookbacks: Values) -> Floats:
    """U a day of each lookback, [window]."""
    basal = lookbacks[..., Feature.basal_rate.column].sum(axis=1, dtype=np.float64) * RECORD_MINUTES / 60.0
    bolus = lookbacks[..., Feature.bolus_dose.column].sum(axis=1, dtype=np.float64)
    units: Floats = (basal + bolus) * RECORDS_PER_DAY / lookbacks.shape[1]
    return units
