"""What a year of weekly runs came to: whether poison was published, and whether what was published got worse."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from benchmarks.publishing.troubles import start_of
from benchmarks.publishing.weekly import Weekly
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.difference import difference
from bloodtwin_core.evaluation.figures import Interval
from bloodtwin_core.evaluation.forecasts import TestForecasts, join
from bloodtwin_core.publishing.evidence import DECIDING
from bloodtwin_core.publishing.manifest import read_manifest

TAIL = 0.025
"""The chance that an interval of 95 % lies above 0 though nothing is worse."""


@dataclass(frozen=True)
class Outcome:
    """poisoned: published versions that learnt from or were chosen on the poisoned week.

    against_first: MAE of what was published minus the first version's, over all weeks (mg/dL). above: weeks whose own
    interval lies above 0, and by_chance: as many as chance alone gives in 95 of 100 years at most.
    """

    versions: list[str]
    poisoned: list[str]
    against_first: Interval | None
    weeks: int
    above: list[int]
    by_chance: int

    @property
    def reached(self) -> bool:
        """Whether no poison was published, and what was published is not above the first beyond chance."""
        worse = self.against_first is not None and self.against_first.low > 0
        return not self.poisoned and not worse and len(self.above) <= self.by_chance


def outcome_of(weekly: Weekly, poisoned_pump: str, poisoned_week: int, settings: EvaluationSettings) -> Outcome:
    """Look back on the runs."""
    begins, ends = (start_of(week).astype("datetime64[s]").item() for week in (poisoned_week, poisoned_week + 1))
    pointer = weekly.versions.pointer
    published = list(dict.fromkeys(switch.version for switch in pointer.history)) if pointer else []
    learnt = {version: read_manifest(weekly.versions.place(version)).learnt for version in published}
    poisoned = [
        version
        for version, spans in learnt.items()
        if poisoned_pump in spans and spans[poisoned_pump].first < ends and begins <= spans[poisoned_pump].last
    ]
    each = [_difference([mine], [first], settings) for mine, first in zip(weekly.published, weekly.first, strict=True)]
    return Outcome(
        versions=published,
        poisoned=poisoned if poisoned_week >= 0 else [],
        against_first=_difference(weekly.published, weekly.first, settings),
        weeks=len(each),
        above=[place for place, interval in enumerate(each) if interval and interval.low > 0],
        by_chance=int(binom.ppf(0.95, len(each), TAIL)) if each else 0,
    )


def _difference(
    mine: Sequence[TestForecasts], first: Sequence[TestForecasts], settings: EvaluationSettings
) -> Interval | None:
    a, b = (_in_order(join(list(parts))) for parts in (mine, first))
    if not len(a):
        return None
    return difference(a, b, settings, complete=False).difference.get(DECIDING)


def _in_order(forecasts: TestForecasts) -> TestForecasts:
    """All weeks of a pump together, in time."""
    return forecasts.take(np.lexsort((forecasts.timestamp, forecasts.pump)))
