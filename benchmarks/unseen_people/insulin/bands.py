"""Bands calibrated on other windows: of people whom no network met, and by more than the last reading's level.

A fold's quantiles, calibrated in training by level alone on windows of people in training, are moved once more: by
offsets found on other people or in other groups, the same for everybody whose insulin is told and for everybody whose
is hidden. Nobody is judged by offsets that they had a part in. Of people left out of the other folds this holds of the
offsets alone: the networks that they were forecast by had learnt from whoever is judged. Of the others left out of the
same fold it holds strictly, of few people.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from benchmarks.unseen_people.insulin.forecasts import LeftOutForecasts, Quantiles
from benchmarks.unseen_people.insulin.judging import (
    BAND,
    GROUPS,
    coverage_among_people,
    coverage_by_person,
    coverage_by_step,
    in_group,
)
from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.evaluation.figures import Interval
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.records import GLUCOSE_LIMITS, Mask, Rows, glucose_range_of
from bloodtwin_core.windows import evenly_spread

CONDITIONS = ("told", "hidden")
ENOUGH_WINDOWS = 2000
"""With fewer in a group, its offsets shrink towards those of all groups, as in training."""
MOST_OF_A_PERSON = 6000
"""Windows of a person that offsets are found on, so that people count about alike."""
TREND = np.timedelta64(30, "m")
STEEP = 15.0
"""mg/dL in half an hour, from which glucose rises or falls."""

Groups = Callable[[LeftOutForecasts, str], Rows]
"""The group of each window, [window], from forecasts and one of CONDITIONS."""


class Whom(StrEnum):
    """On whose windows bands are calibrated; the validation windows of people in training, all of people left out."""

    in_training = "people in training"
    other_folds = "people left out of other folds"
    same_fold = "others left out of the same fold"


@dataclass(frozen=True)
class Way:
    """How bands are calibrated: on whom, by what."""

    on: Whom
    groups: Groups


def by_level(found: LeftOutForecasts, _condition: str) -> Rows:
    """The glucose range of the last reading."""
    return glucose_range_of(found.last)


def by_level_and_trend(found: LeftOutForecasts, condition: str) -> Rows:
    """The same, and whether glucose fell, rose or did neither in the last half hour."""
    change = trend(found)
    falls_or_rises = np.where(change < -STEEP, 1, np.where(change > STEEP, 2, 0))
    return by_level(found, condition) * 3 + falls_or_rises


def by_level_and_insulin(found: LeftOutForecasts, condition: str) -> Rows:
    """The level, and whether basal and bolus are known."""
    return by_level(found, condition) * 2 + (found.known & (condition == "told"))


WAYS: dict[str, Way | None] = {
    "level, people in training (today)": None,
    "level and trend, people in training": Way(Whom.in_training, by_level_and_trend),
    "level, people left out of other folds": Way(Whom.other_folds, by_level),
    "level and trend, people left out of other folds": Way(Whom.other_folds, by_level_and_trend),
    "level and insulin, people left out of other folds": Way(Whom.other_folds, by_level_and_insulin),
    "level, others left out of the same fold": Way(Whom.same_fold, by_level),
}


def trend(found: LeftOutForecasts) -> Floats:
    """mg/dL by which glucose changed in the last half hour, [window]; 0 where there was no window then."""
    change = np.zeros(len(found))
    for person in np.unique(found.pump):
        own = np.flatnonzero(found.pump == person)
        times = found.timestamp[own]
        before = np.minimum(np.searchsorted(times, times - TREND), len(own) - 1)
        there = times[before] == times - TREND
        change[own[there]] = (found.last[own] - found.last[own[before]])[there]
    return change


def calibrated(
    folds: Sequence[LeftOutForecasts], known: Sequence[LeftOutForecasts], way: Way | None
) -> Mapping[str, Quantiles]:
    """The quantiles of all folds' people together, by condition; known: each fold's forecasts of people in training."""
    moved = {each: np.concatenate([quantiles_of(found, each) for found in folds]) for each in CONDITIONS}
    if way is None:
        return moved
    begin = 0
    for place, found in enumerate(folds):
        for judged, others in _judged(place, folds, known, way.on):
            offsets = offsets_of(others, way.groups)
            at = begin + np.flatnonzero(judged)
            for condition, quantiles in moved.items():
                group = np.minimum(way.groups(found, condition)[judged], len(offsets) - 1)
                better = np.sort(quantiles[at] + offsets[group], axis=-1)
                quantiles[at] = better.clip(GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high)
        begin += len(found)
    return moved


def _judged(
    place: int, folds: Sequence[LeftOutForecasts], known: Sequence[LeftOutForecasts], on: Whom
) -> Iterator[tuple[Mask, list[LeftOutForecasts]]]:
    """Which windows of the fold at place are judged together, [window], and what their offsets are found on."""
    found = folds[place]
    if on is Whom.same_fold:
        for person in np.unique(found.pump):
            own: Mask = found.pump == person
            yield own, [sample(found.take(~own))]
        return
    others = [known[place]] if on is Whom.in_training else [*folds[:place], *folds[place + 1 :]]
    yield np.ones(len(found), dtype=np.bool_), [sample(other) for other in others]


def offsets_of(found: Sequence[LeftOutForecasts], groups: Groups) -> Quantiles:
    """mg/dL to add to each quantile so that its level holds in each group, float32 [group, step, level]."""
    pairs = [(each, condition) for each in found for condition in CONDITIONS]
    above = np.concatenate([each.target[..., None] - quantiles_of(each, condition) for each, condition in pairs])
    above[~np.concatenate([each.measured for each, _ in pairs])] = np.nan
    group = np.concatenate([groups(each, condition) for each, condition in pairs])
    together = _offset(above)
    offsets = np.repeat(together[None], int(group.max()) + 1, axis=0)
    for place in np.unique(group):
        own = above[group == place]
        trust = min(1.0, len(own) / ENOUGH_WINDOWS)
        offsets[place] = trust * _offset(own) + (1.0 - trust) * together
    return offsets


def _offset(above: Quantiles) -> Quantiles:
    """The quantile at each level of how far readings lay above that quantile's forecast, [step, level]."""
    levels = [np.nanquantile(above[..., at], level, axis=0) for at, level in enumerate(QUANTILE_LEVELS)]
    return np.nan_to_num(np.stack(levels, axis=-1)).astype(np.float32)


def sample(found: LeftOutForecasts) -> LeftOutForecasts:
    """At most MOST_OF_A_PERSON of everybody's windows, evenly spread."""
    chosen = np.zeros(len(found), dtype=np.bool_)
    for person in np.unique(found.pump):
        chosen[evenly_spread(np.flatnonzero(found.pump == person), MOST_OF_A_PERSON)] = True
    return found.take(chosen)


def quantiles_of(found: LeftOutForecasts, condition: str) -> Quantiles:
    """Those told of insulin or not."""
    quantiles: Quantiles = getattr(found, f"{condition}_quantiles")
    return quantiles


def bands_table(folds: Sequence[LeftOutForecasts], known: Sequence[LeftOutForecasts]) -> str:
    """What the 80 % band holds in each way of calibrating it, and how wide it is."""
    together = LeftOutForecasts.together(folds)
    lines = [
        "| bands by, on | people | insulin | 80 % band holds, lowest step | highest step | lowest person | width |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, way in WAYS.items():
        quantiles = calibrated(folds, known, way)
        for group in GROUPS:
            within = in_group(together, group)
            if within.any():
                own = together.take(within)
                of_each = {condition: quantiles[condition][within] for condition in CONDITIONS}
                lines += [f"| {name} | {group} | {each} | {shown(own, of_each[each])} |" for each in CONDITIONS]
    return "\n".join(lines)


def shown(found: LeftOutForecasts, quantiles: Quantiles) -> str:
    """Cells of a table: the lowest and the highest step with intervals by people, the lowest person, the width."""
    steps, intervals = coverage_by_step(found, quantiles), coverage_among_people(found, quantiles)
    people = coverage_by_person(found, quantiles)
    lowest = min(people, key=lambda person: people[person]) if people else ""
    of_person = f"{people[lowest]:.1%} ({lowest})" if people else ""
    width = float((quantiles[..., BAND[1]] - quantiles[..., BAND[0]]).mean())
    of_steps = " | ".join(_with_interval(steps[at], intervals[at]) for at in (steps.argmin(), steps.argmax()))
    return f"{of_steps} | {of_person} | {width:.1f}"


def _with_interval(share: float, interval: Interval | None) -> str:
    return f"{share:.1%}" + (f" ({interval.low:.1%}, {interval.high:.1%})" if interval else "")
