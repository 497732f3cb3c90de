"""Errors, bands and alarms on people left out, and how sure a difference between two variants is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.unseen_people.insulin.forecasts import LeftOutForecasts, Quantiles
from benchmarks.unseen_people.insulin.people import is_brist1d
from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.blocks import Blocks, blocks_of, sums_of_blocks
from bloodtwin_core.evaluation.bootstrap import Resamples, interval_of, spare_days_of
from bloodtwin_core.evaluation.clinical.alarms import AlarmResults, alarm_results
from bloodtwin_core.evaluation.clinical.events import HYPOGLYCAEMIA, pump_timelines
from bloodtwin_core.evaluation.figures import Interval
from bloodtwin_core.evaluation.metrics import TARGET_MINUTES, step_at
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.records import Glucose, Mask

BAND = (QUANTILE_LEVELS.index(0.10), QUANTILE_LEVELS.index(0.90))
"""The 80 % band."""
FALSE_ALARMS_A_DAY = 1.0
ALARM_MINUTES = 30
FEWEST_WINDOWS = 144
"""Of a person, below which their band is not told (12 h)."""
GROUPS = ("AZT1D, insulin known", "BrisT1D, insulin known", "AZT1D, basal unknown", "BrisT1D, insulin unknown")


@dataclass(frozen=True)
class Skills:
    """MAE as a share of persistence's, AT each of TARGET_MINUTES, with its intervals by days and by people."""

    by_days: list[Interval | None]
    by_people: list[Interval | None]


def group_of(found: LeftOutForecasts, group: str) -> LeftOutForecasts:
    """The windows of one of GROUPS."""
    return found.take(in_group(found, group))


def in_group(found: LeftOutForecasts, group: str) -> Mask:
    """Which windows are of one of GROUPS, [window]."""
    brist1d = np.array([is_brist1d(pump) for pump in found.pump.tolist()])
    of_set = brist1d if group.startswith("BrisT1D") else ~brist1d
    within: Mask = of_set & (found.known if group.endswith(" known") else ~found.known)
    return within


def skills(found: LeftOutForecasts, forecast: Glucose, less: Glucose | None = None) -> Skills:
    """The skill of a forecast on complete windows, or how far it lies above that of another one (less)."""
    steps = [step_at(minutes) - 1 for minutes in TARGET_MINUTES]
    kept = found.complete
    own, still = (
        np.abs(each - found.target)[kept][:, steps] for each in (forecast, np.repeat(found.last[:, None], 12, axis=1))
    )
    if less is not None:
        own = own - np.abs(less - found.target)[kept][:, steps]
    blocks = blocks_of(found.take(kept))
    sums, last = sums_of_blocks(own, blocks), sums_of_blocks(still, blocks)
    by_days = Resamples.draw(blocks.pump, EvaluationSettings())
    spare = spare_days_of(blocks.pump, last)
    people = len(np.unique(blocks.pump))
    return Skills(
        [interval_of(by_days.mean(sums[:, at], last[:, at]), spare) for at in range(len(steps))],
        [interval_of(_of_people(blocks).mean(sums[:, at], last[:, at]), people - 1) for at in range(len(steps))],
    )


def _of_people(blocks: Blocks) -> Resamples:
    """People drawn instead of days: how a figure would vary among other people."""
    settings = EvaluationSettings()
    names, of = np.unique(blocks.pump, return_inverse=True)
    random = np.random.default_rng(settings.bootstrap_seed)
    drawn = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=settings.bootstrap_samples)
    return Resamples(np.concatenate([np.ones((1, len(names))), drawn])[:, of])


def coverage_by_step(found: LeftOutForecasts, quantiles: Quantiles) -> Floats:
    """Share of the measured readings in the 80 % band, [step]."""
    return _shares(_inside(found, quantiles), found.measured)


def coverage_among_people(found: LeftOutForecasts, quantiles: Quantiles) -> list[Interval | None]:
    """The same with intervals by people, [step]."""
    blocks = blocks_of(found)
    inside, measured = (sums_of_blocks(each, blocks) for each in (_inside(found, quantiles), found.measured))
    people = len(np.unique(blocks.pump))
    resamples = _of_people(blocks)
    steps = range(found.measured.shape[1])
    return [interval_of(resamples.mean(inside[:, at], measured[:, at]), people - 1) for at in steps]


def coverage_by_person(found: LeftOutForecasts, quantiles: Quantiles) -> dict[str, float]:
    """The same over all steps, of everybody with FEWEST_WINDOWS."""
    inside, shares = _inside(found, quantiles), {}
    for person in np.unique(found.pump).tolist():
        own: Mask = found.pump == person
        if own.sum() >= FEWEST_WINDOWS:
            shares[person] = float(inside[own].sum() / found.measured[own].sum())
    return shares


def _inside(found: LeftOutForecasts, quantiles: Quantiles) -> Mask:
    low, high = (quantiles[..., level] for level in BAND)
    inside: Mask = (found.target >= low) & (found.target <= high) & found.measured
    return inside


def _shares(inside: Mask, measured: Mask) -> Floats:
    shares: Floats = inside.sum(axis=0) / np.maximum(measured.sum(axis=0), 1)
    return shares


def lows_at_one_false_alarm(found: LeftOutForecasts, quantiles: Quantiles) -> tuple[float, AlarmResults]:
    """Lows announced within ALARM_MINUTES, alarms being raised by the quantile that gives one false alarm a day.

    Gives that quantile's level, found by halving, and what its alarms were worth. Quantiles between the levels lie on
    straight lines; the lowest level stands for all below it.
    """
    limits = QUANTILE_LEVELS[0], QUANTILE_LEVELS[-1]
    return at_one_false_alarm(found, lambda level: _at_level(quantiles, level), limits, within=0.004)


def at_one_false_alarm(
    found: LeftOutForecasts, raised_at: Callable[[float], Glucose], limits: tuple[float, float], within: float
) -> tuple[float, AlarmResults]:
    """The level between the limits, found by halving, at which there is one false alarm a day, and what alarms say.

    raised_at: the forecast (mg/dL, [window, step]) whose lows raise alarms at a level; the higher the fewer.
    """
    timelines = pump_timelines(found.pump, found.timestamp, found.last, found.target, found.measured)
    low, high = limits
    while high - low > within:
        level = (low + high) / 2
        results = alarm_results(timelines, raised_at(level), HYPOGLYCAEMIA, ALARM_MINUTES)
        if (results.false_alarms_per_day or 0.0) > FALSE_ALARMS_A_DAY:
            low = level
        else:
            high = level
    return high, alarm_results(timelines, raised_at(high), HYPOGLYCAEMIA, ALARM_MINUTES)


def _at_level(quantiles: Quantiles, level: float) -> npt.NDArray[np.float32]:
    levels: Sequence[float] = QUANTILE_LEVELS
    above = min(int(np.searchsorted(levels, level)), len(levels) - 1)
    below = max(above - 1, 0)
    part = 0.0 if above == below else (level - levels[below]) / (levels[above] - levels[below])
    steps = step_at(ALARM_MINUTES)
    at: npt.NDArray[np.float32] = quantiles[:, :steps, below] * (1 - part) + quantiles[:, :steps, above] * part
    return at
