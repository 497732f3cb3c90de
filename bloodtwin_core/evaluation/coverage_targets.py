"""What the 80 % band should reach, and whether it did."""

import re
from collections.abc import Mapping

from bloodtwin_core.common.rounding import decimals_apart
from bloodtwin_core.evaluation.coverage import CoverageResult
from bloodtwin_core.evaluation.figures import Result
from bloodtwin_core.records.glucose_ranges import range_shown
from bloodtwin_core.records.glucose_units import GlucoseUnit

JUDGED_BAND = 0.80
AT_EVERY_STEP = (0.78, 0.82)
"""Shares that the band should hold at every step, all windows together."""
IN_EVERY_RANGE = (0.75, 0.85)
"""Shares that it should hold in every range of the reading at the origin, over all steps."""
FEWEST_WINDOWS = 500
"""A range is judged if it has more windows."""
_RANGE = re.compile(r"with (?P<name>[^,]*?) mg/dL")


class CoverageTarget(Result):
    """Whether every share lies from low to high, both included; worst is the one furthest from the nominal share.

    It is not met where nothing was measured. reading says it in words, with ranges of glucose in mg/dL.
    """

    name: str
    low: float
    high: float
    worst: float | None
    where: str
    met: bool
    reading: str

    @property
    def answer(self) -> str:
        """Whether it was met, for a table: what was not measured is no "no"."""
        return "not measured" if self.worst is None else "yes" if self.met else "no"

    def told(self, unit: GlucoseUnit) -> str:
        """The reading in a unit."""
        return _RANGE.sub(lambda found: f"with {range_shown(found['name'], unit)} {unit}", self.reading)


def coverage_targets(calibration: CoverageResult) -> list[CoverageTarget]:
    """At every step; in every range over all steps; and, stricter than what was set, in every range at every step."""
    judged = {
        name: group.band(JUDGED_BAND)
        for name, group in calibration.by_origin_range.items()
        if group.windows > FEWEST_WINDOWS
    }
    at_steps = dict(zip(_ahead(calibration), calibration.pooled.band(JUDGED_BAND).share, strict=True))
    in_ranges = {f"with {name} mg/dL at the origin": band.overall_share for name, band in judged.items()}
    in_both = {
        f"{ahead}, with {name} mg/dL at the origin": share
        for name, band in judged.items()
        for ahead, share in zip(_ahead(calibration), band.share, strict=True)
    }
    return [
        _outcome("coverage_80_at_every_step", AT_EVERY_STEP, at_steps),
        _outcome("coverage_80_in_every_range", IN_EVERY_RANGE, in_ranges),
        _outcome("coverage_80_in_every_range_at_every_step", IN_EVERY_RANGE, in_both),
    ]


def _ahead(calibration: CoverageResult) -> list[str]:
    return [f"{minutes} min ahead" for minutes in calibration.minutes]


def _outcome(name: str, limits: tuple[float, float], shares: Mapping[str, float | None]) -> CoverageTarget:
    low, high = limits
    known = {where: share for where, share in shares.items() if share is not None}
    if not known:
        reading = f"not measured: no range has over {FEWEST_WINDOWS} windows" if not shares else "nothing was measured"
        return CoverageTarget(name=name, low=low, high=high, worst=None, where="", met=False, reading=reading)
    where = max(known, key=lambda place: abs(known[place] - JUDGED_BAND))
    missed = [place for place, share in known.items() if not low <= share <= high]
    ends = (min(known.values()), max(known.values()))
    per_cents = [(100.0 * end, 100.0 * limit) for end, limit in zip(ends, limits, strict=True)]
    decimals = max(decimals_apart(end, limit, 1) for end, limit in per_cents)
    says = f"from {ends[0]:.{decimals}%} to {ends[1]:.{decimals}%}, furthest off {where}"
    if missed:
        says += f"; outside {low:.0%} to {high:.0%} in {len(missed)} of {len(known)}"
    return CoverageTarget(name=name, low=low, high=high, worst=known[where], where=where, met=not missed, reading=says)
