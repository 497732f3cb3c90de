"""Whether a forecast knows its own uncertainty: coverage and width of its bands, calibration and pinball loss.

A band that says 80 % should hold 80 % of the readings (calibration), and be as narrow as it can be (sharpness):
Gneiting, Balabdaoui and Raftery, Journal of the Royal Statistical Society B 69 (2007) 243. The pinball loss of a
quantile counts both at once: Koenker and Bassett, Econometrica 46 (1978) 33.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bloodtwin_core.evaluation.figures import Result
from bloodtwin_core.records import GLUCOSE_RANGES, RECORD_MINUTES, Glucose, Mask, glucose_range_of

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


class CoverageResult(Result):
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
) -> CoverageResult:
    """Calibration over some windows.

    quantiles: [window, step, level], rising with the levels. target (mg/dL) and measured: [window, step]. last: the
    reading at each origin (mg/dL, [window]).
    """
    origin = np.broadcast_to(glucose_range_of(last)[:, None], target.shape)
    came = glucose_range_of(np.where(measured, target, np.inf))
    names = [each.name for each in GLUCOSE_RANGES]
    everything = _Grouping(measured, np.zeros_like(origin), 1)
    (pooled,) = _groups(quantiles, levels, target, everything)
    by_origin, by_target = (
        _groups(quantiles, levels, target, _Grouping(measured, place, len(names))) for place in (origin, came)
    )
    each_level = [_level(level, quantiles[:, :, place], target, everything) for place, level in enumerate(levels)]
    return CoverageResult(
        minutes=[step * RECORD_MINUTES for step in range(1, target.shape[1] + 1)],
        pooled=pooled,
        by_origin_range=dict(zip(names, by_origin, strict=True)),
        by_target_range=dict(zip(names, by_target, strict=True)),
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
    bands = [
        (round(above - below, 6), low, high)
        for low, below in enumerate(levels)
        for high, above in enumerate(levels)
        if below < above and abs(below + above - 1.0) < LEVEL_TOLERANCE
    ]
    return sorted(bands)


@dataclass(frozen=True)
class _Grouping:
    """Which targets count, and the group that each belongs to: both [window, step]; there are so many groups."""

    measured: Mask
    place: npt.NDArray[np.int64]
    groups: int

    @cached_property
    def cells(self) -> npt.NDArray[np.int64]:
        """The cell of [group, step] that each measured target belongs to."""
        steps = self.measured.shape[1]
        cells: npt.NDArray[np.int64] = (self.place * steps + np.arange(steps))[self.measured]
        return cells

    def sums(self, values: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
        """Sums of values [window, step], [group, step]."""
        steps = self.measured.shape[1]
        sums = np.bincount(self.cells, weights=values[self.measured], minlength=self.groups * steps)
        return sums.reshape(self.groups, steps).astype(np.float64)

    def windows(self, group: int) -> int:
        """Windows with a target that counts in this group."""
        return int((self.measured & (self.place == group)).any(axis=1).sum())


def _groups(quantiles: Quantiles, levels: Sequence[float], target: Glucose, grouping: _Grouping) -> list[GroupCoverage]:
    counts = grouping.sums(grouping.measured)
    bands_of_groups: list[list[BandCoverage]] = [[] for _ in range(grouping.groups)]
    for nominal, low, high in _bands(levels):
        below, above = quantiles[:, :, low], quantiles[:, :, high]
        held = grouping.sums((target >= below) & (target <= above))
        wide = grouping.sums(above - below)
        for bands, *sums in zip(bands_of_groups, held, wide, counts, strict=True):
            (share, overall_share), (width, overall_width) = (_over(each, sums[-1]) for each in sums[:-1])
            bands.append(
                BandCoverage(
                    nominal=nominal, share=share, width=width, overall_share=overall_share, overall_width=overall_width
                )
            )
    return [
        GroupCoverage(windows=grouping.windows(group), measured_targets=counts[group].astype(int).tolist(), bands=bands)
        for group, bands in enumerate(bands_of_groups)
    ]


def _level(level: float, quantile: Glucose, target: Glucose, everything: _Grouping) -> LevelCalibration:
    values = (everything.measured, target <= quantile, pinball_loss(quantile, level, target))
    counts, below, loss = (everything.sums(each)[0] for each in values)
    (observed, overall_observed), (pinball, overall_pinball) = _over(below, counts), _over(loss, counts)
    return LevelCalibration(
        level=level,
        observed=observed,
        pinball=pinball,
        overall_observed=overall_observed,
        overall_pinball=overall_pinball,
    )


def _over(sums: npt.NDArray[np.float64], counts: npt.NDArray[np.number]) -> tuple[Means, float | None]:
    """Sums over counts, both [step], AT each step and over all steps."""
    at_steps = [float(total / count) if count else None for total, count in zip(sums, counts, strict=True)]
    return at_steps, float(sums.sum() / counts.sum()) if counts.any() else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
