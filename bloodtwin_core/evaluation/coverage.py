"""Whether a forecast knows its own uncertainty: coverage and width of its bands, calibration and pinball loss.

A band that says 80 % should hold 80 % of the readings (calibration), and be as narrow as it can be (sharpness):
Gneiting, Balabdaoui and Raftery, Journal of the Royal Statistical Society B 69 (2007) 243. The pinball loss of a
quantile counts both at once: Koenker and Bassett, Econometrica 46 (1978) 33.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bloodtwin_core.evaluation.comparison import Result
from bloodtwin_core.evaluation.metrics import Glucose
from bloodtwin_core.records import GLUCOSE_RANGES, RECORD_MINUTES, glucose_range_of
from bloodtwin_core.windows import Mask

Quantiles = npt.NDArray[np.float32]
"""mg/dL, [window, step, level]."""
Means = list[float | None]
"""One for each step; None where nothing was measured."""


class BandCoverage(Result):
    """The band between two quantiles that should hold a share (nominal) of the readings, its borders included.

    share (0 to 1) is what it held and width (mg/dL) how wide it is, AT each step; the overall ones over all steps.
    """

    nominal: float
    share: Means
    width: Means
    overall_share: float | None
    overall_width: float | None


class GroupCoverage(Result):
    """The bands on some windows, or on some of their targets; measured_targets is [step]."""

    windows: int
    measured_targets: list[int]
    bands: list[BandCoverage]

    def band(self, nominal: float) -> BandCoverage:
        """The band that should hold this share. Raises KeyError if there is none."""
        for band in self.bands:
            if abs(band.nominal - nominal) < LEVEL_TOLERANCE:
                return band
        raise KeyError(f"no band should hold {nominal:.0%}, only {[band.nominal for band in self.bands]}")


class LevelCalibration(Result):
    """One quantile: the share of readings at or below it, which should be its level, and its pinball loss (mg/dL)."""

    level: float
    observed: Means
    pinball: Means
    overall_observed: float | None
    overall_pinball: float | None


class Calibration(Result):
    """What the quantiles of a forecast are worth; minutes say how far ahead the steps lie.

    by_origin_range: by the reading at the origin, which is known when the forecast is made. by_target_range: by the
    reading that came. No band can hold its share there: to look where glucose turned out extreme is to look where
    forecasts were most surprised. pinball (mg/dL) is the mean over levels, AT each step and over all.
    """

    minutes: list[int]
    pooled: GroupCoverage
    by_origin_range: dict[str, GroupCoverage]
    by_target_range: dict[str, GroupCoverage]
    levels: list[LevelCalibration]
    pinball: Means
    overall_pinball: float | None


LEVEL_TOLERANCE = 1e-6
"""Levels that differ by less are the same."""


def calibration_of(
    quantiles: Quantiles, levels: Sequence[float], target: Glucose, measured: Mask, last: npt.NDArray[np.float32]
) -> Calibration:
    """Calibration over some windows.

    quantiles: [window, step, level], rising with the levels. target (mg/dL) and measured: [window, step]. last: the
    reading at each origin (mg/dL, [window]).
    """
    bands = {nominal: (quantiles[:, :, low], quantiles[:, :, high]) for nominal, low, high in _bands(levels)}
    at_origin = glucose_range_of(last)[:, None]
    at_target = glucose_range_of(np.where(measured, target, np.inf))

    def by(place: npt.NDArray[np.int64]) -> dict[str, GroupCoverage]:
        return {
            each.name: _group(bands, target, measured & (place == number)) for number, each in enumerate(GLUCOSE_RANGES)
        }

    each_level = [
        _level(level, quantiles[:, :, place], target, measured) for place, level in enumerate(levels)
    ]  # The levels one by one, so that no second array as large as the quantiles is needed.
    return Calibration(
        minutes=[step * RECORD_MINUTES for step in range(1, target.shape[1] + 1)],
        pooled=_group(bands, target, measured),
        by_origin_range=by(at_origin),
        by_target_range=by(at_target),
        levels=each_level,
        pinball=[_mean(losses) for losses in zip(*(level.pinball for level in each_level), strict=True)],
        overall_pinball=_mean([level.overall_pinball for level in each_level]),
    )


def pinball_loss(quantile: Glucose, level: float, target: Glucose) -> npt.NDArray[np.float64]:
    """Loss (mg/dL) of one quantile for each target, of the shape of both; half the absolute error for the median."""
    over = quantile.astype(np.float64) - target
    loss: npt.NDArray[np.float64] = np.where(over > 0, (1.0 - level) * over, -level * over)
    return loss


def _bands(levels: Sequence[float]) -> list[tuple[float, int, int]]:
    """Each pair of levels as far from 0 as from 1: the share between them and their places, narrowest first."""
    found = [
        (round(above - below, 6), low, high)
        for low, below in enumerate(levels)
        for high, above in enumerate(levels)
        if below < above and abs(below + above - 1.0) < LEVEL_TOLERANCE
    ]
    return sorted(found)


def _group(bands: dict[float, tuple[Glucose, Glucose]], target: Glucose, chosen: Mask) -> GroupCoverage:
    found = []
    for nominal, (low, high) in bands.items():
        share, overall_share = _means((target >= low) & (target <= high), chosen)
        width, overall_width = _means(high - low, chosen)
        found.append(
            BandCoverage(
                nominal=nominal, share=share, width=width, overall_share=overall_share, overall_width=overall_width
            )
        )
    return GroupCoverage(
        windows=int(chosen.any(axis=1).sum()), measured_targets=chosen.sum(axis=0).tolist(), bands=found
    )


def _level(level: float, quantile: Glucose, target: Glucose, measured: Mask) -> LevelCalibration:
    observed, overall_observed = _means(target <= quantile, measured)
    pinball, overall_pinball = _means(pinball_loss(quantile, level, target), measured)
    return LevelCalibration(
        level=level,
        observed=observed,
        pinball=pinball,
        overall_observed=overall_observed,
        overall_pinball=overall_pinball,
    )


def _means(values: npt.NDArray[np.generic], chosen: Mask) -> tuple[Means, float | None]:
    """Means over the chosen of [window, step], AT each step and over all steps."""
    sums = np.where(chosen, values, 0).sum(axis=0, dtype=np.float64)
    counts = chosen.sum(axis=0)
    at_steps = [float(total / count) if count else None for total, count in zip(sums, counts, strict=True)]
    return at_steps, float(sums.sum() / counts.sum()) if counts.any() else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
