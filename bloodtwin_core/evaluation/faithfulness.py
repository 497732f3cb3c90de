"""Whether attention says something true: taking away the readings that a forecast attends to most must hurt it most.

Attention weights look like an explanation and need not be one (Jain and Wallace, NAACL 2019), so they are tested.
From each complete test window as many readings are taken away three times, the way a sensor gap would: those attended
to most, as many at random, and those that the forecast of *another* window attends to. The last lie at the ages that
attention likes, so what they leave of the difference is what attention says of this window and not of age alone. The
first record and the origin's reading always stay: a forecast starts from the one and carries forward from the other.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.bootstrap import Resamples, interval_of
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.network.inference import inference
from bloodtwin_core.records import Feature, Rows, Split, Values
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.windows import WindowedSeries, evenly_spread, in_batches

REMOVED = 12
"""Readings taken away from each window: an hour of them."""
MOST_WINDOWS = 2000
"""Complete test windows, evenly spread, on which attention is tested: four forecasts each."""

Places = npt.NDArray[np.int64]
"""Records of a lookback, oldest 0, [window, removed]."""
Errors = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MeanDifference:
    """A mean difference in absolute error, mg/dL, and its 95 % confidence interval by bootstrap over days.

    On too few days for an interval it reaches from minus to plus infinity, so that nothing is sure.
    """

    mean: float
    low: float
    high: float

    @property
    def is_known(self) -> bool:
        """Whether there were days enough for an interval."""
        return bool(np.isfinite(self.low))

    def told(self, unit: GlucoseUnit) -> str:
        """Mean and interval in a unit."""
        mean, low, high = (unit.change(each, 2) for each in (self.mean, self.low, self.high))
        if not self.is_known:
            return f"{mean} {unit} (too few days for an interval)"
        return f"{mean} {unit} (95 % interval {low} to {high})"


@dataclass(frozen=True)
class AttentionFaithfulness:
    """What taking readings away did; mae: mean absolute error (mg/dL) over all steps.

    more_than_random and more_than_of_another: how much more the loss of the most attended readings costs than that of
    as many random ones, and of as many that another window's forecast attends to.
    """

    windows: int
    removed: int
    mae: float
    mae_without_attended: float
    mae_without_random: float
    mae_without_those_of_another: float
    more_than_random: MeanDifference
    more_than_of_another: MeanDifference

    @property
    def holds(self) -> bool:
        """Whether losing the most attended readings surely hurts more than losing random ones."""
        return self.more_than_random.low > 0.0

    @property
    def holds_for_each_window(self) -> bool:
        """Whether it surely hurts more than losing readings of the same ages, too."""
        return self.holds and self.more_than_of_another.low > 0.0

    def verdict(self, unit: GlucoseUnit = GlucoseUnit.mg_dl) -> str:
        """What the test found, in a sentence or two."""
        more, of_another = self.more_than_random.told(unit), self.more_than_of_another.told(unit)
        cost = (
            f"Without the {self.removed} readings that it attends to most, a forecast errs by {more} "
            f"more than without as many random ones, on {self.windows:,} test windows"
        )
        if not self.more_than_random.is_known:
            return f"{cost}. On so few days nothing is sure; do not read attention as an explanation."
        if not self.holds:
            return f"{cost}. Attention does not show what forecasts rest on; do not read it as an explanation."
        if not self.holds_for_each_window:
            return (
                f"{cost}. Attention shows how old the readings are that forecasts rest on, but not which of them "
                "matter in one window: those that another window attends to may matter as much "
                f"(difference {of_another})."
            )
        return (
            f"{cost}, and by {of_another} more than without those that another window attends to. "
            "Attention shows which readings a forecast rests on."
        )


def attention_faithfulness(
    forecaster: GlucoseForecaster,
    windows: WindowedSeries,
    settings: EvaluationSettings,
    device: torch.device | str = "cpu",
    removed: int = REMOVED,
) -> AttentionFaithfulness:
    """Put the attention of a network to the test; settings say batch size and bootstrap.

    Raises SettingsError if the network has no attention, or there is no complete test window of more than removed + 2
    records.
    """
    origins = windows.origins[Split.test]
    rows = evenly_spread(origins.rows[origins.complete], MOST_WINDOWS)
    if not len(rows) or windows.lookback < removed + 2:
        raise SettingsError(
            f"attention is tested by taking {removed} readings from complete test windows; there are {len(rows)} of "
            f"{windows.lookback} records. Bring a longer history, or raise data.lookback"
        )
    random = np.random.default_rng(settings.bootstrap_seed)
    attended = _most_attended(forecaster, windows, rows, removed, settings.batch_size, device)
    at_random = 1 + random.random((len(rows), windows.lookback - 2)).argsort(axis=1)[:, :removed]
    of_another = attended[random.permutation(len(rows))]
    whole, without, without_random, without_another = (
        _errors(forecaster, windows, rows, places, settings.batch_size, device)
        for places in (None, attended, at_random, of_another)
    )
    compare = _Comparison(windows, rows, settings)
    return AttentionFaithfulness(
        windows=len(rows),
        removed=removed,
        mae=float(whole.mean()),
        mae_without_attended=float(without.mean()),
        mae_without_random=float(without_random.mean()),
        mae_without_those_of_another=float(without_another.mean()),
        more_than_random=compare.difference(without - without_random),
        more_than_of_another=compare.difference(without - without_another),
    )


def without_readings(lookbacks: Values, places: Places) -> Values:
    """Lookbacks [window, lookback, feature] as if the readings at places had not been measured.

    Glucose is carried forward from the reading before and flagged; a change from or to it is unknown, which is 0.
    Place 0 must stay.
    """
    gone = np.zeros(lookbacks.shape[:2], dtype=np.bool_)
    np.put_along_axis(gone, places, True, axis=1)
    left = lookbacks.copy()
    kept = np.maximum.accumulate(np.where(gone, 0, np.arange(lookbacks.shape[1])), axis=1)
    left[..., Feature.bg.column] = np.take_along_axis(lookbacks[..., Feature.bg.column], kept, axis=1)
    unknown_change = gone.copy()
    unknown_change[:, 1:] |= gone[:, :-1]
    left[..., Feature.delta_bg.column][unknown_change] = 0.0
    left[..., Feature.bg_clip_flag.column][gone] = 0.0
    left[..., Feature.bg_missing_flag.column][gone] = 1.0
    return left


def _most_attended(
    forecaster: GlucoseForecaster,
    windows: WindowedSeries,
    rows: Rows,
    removed: int,
    batch_size: int,
    device: torch.device | str,
) -> Places:
    places = []
    with inference(forecaster, device):
        for batch in in_batches(len(rows), batch_size):
            weights = forecaster.attention(torch.from_numpy(windows.lookbacks(rows[batch])).to(device))
            places.append(1 + weights[:, 1:-1].topk(removed, dim=1).indices.cpu().numpy())
    return np.concatenate(places)


def _errors(
    forecaster: GlucoseForecaster,
    windows: WindowedSeries,
    rows: Rows,
    places: Places | None,
    batch_size: int,
    device: torch.device | str,
) -> Errors:
    """Mean absolute error of each window over its steps, mg/dL [window], without the readings at places."""
    errors = []
    with inference(forecaster, device):
        for batch in in_batches(len(rows), batch_size):
            lookbacks = windows.lookbacks(rows[batch])
            lookbacks = lookbacks if places is None else without_readings(lookbacks, places[batch])
            forecast = forecaster(torch.from_numpy(lookbacks).to(device)).cpu().numpy()
            target, _ = windows.targets(rows[batch])
            errors.append(np.abs(forecast - target).mean(axis=1, dtype=np.float64))
    return np.concatenate(errors)


class _Comparison:
    """Paired differences between windows, with intervals over days."""

    def __init__(self, windows: WindowedSeries, rows: Rows, settings: EvaluationSettings) -> None:
        days = np.stack([windows.pump_of(rows), windows.timestamps[rows].astype("datetime64[D]").astype(np.str_)])
        blocks, self._block = np.unique(days, axis=1, return_inverse=True)
        self._resamples = Resamples.draw(blocks[0], settings)
        self._counts = np.bincount(self._block)
        self._spare_days = len(self._counts) - len(np.unique(blocks[0]))

    def difference(self, apart: Errors) -> MeanDifference:
        """The mean of differences [window] and its interval."""
        figure = self._resamples.mean(np.bincount(self._block, weights=apart), self._counts)
        interval = interval_of(figure, self._spare_days)
        if interval is None:
            return MeanDifference(float(figure[0]), -np.inf, np.inf)
        return MeanDifference(interval.value, interval.low, interval.high)
