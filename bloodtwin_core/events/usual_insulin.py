"""Whether imported insulin is plausible: four figures of a pump's records, beside what is usual.

They stand in where a source states no total to compare with. Unusual is not wrong, but what an importer loses, doubles
or misplaces shows here first: no insulin for days, boluses after which nothing happens.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.records import (
    RECORD_INTERVAL,
    RECORDS_PER_DAY,
    RECORDS_PER_HOUR,
    Feature,
    Mask,
    PumpRecords,
    Timestamps,
)

SMALLEST_BOLUS = 1.0
"""U; smaller ones, as corrections of an algorithm are, may pass unseen."""
_WATCHED = 3 * RECORDS_PER_HOUR
"""Records (3 h) after a bolus in which it, or the meal it is for, should show."""
_UNMOVED = 20.0
"""mg/dL; glucose that stays this near to where it was at the bolus did not move."""
_FEWEST_BOLUSES = 10
"""Of fewer with readings after them a share says nothing."""
_MEASURED = 0.8
"""Share of the records after a bolus that must be measured to say so."""


@dataclass(frozen=True)
class UsualRange:
    """What is usual for a figure, from lowest to highest, and for whom that was found."""

    lowest: float
    highest: float
    unit: str
    source: str


_AZT1D = "lowest and highest of 20 people with pumps, the same figure: AZT1D, doi:10.17632/gk9m674wcx.1"
USUAL = {
    "units_per_day": UsualRange(21.0, 178.0, "U", _AZT1D),
    "basal_share": UsualRange(0.18, 0.71, "1", _AZT1D),
    "longest_without_hours": UsualRange(0.0, 4.0, "h", _AZT1D),
    "unmoved_share": UsualRange(0.0, 0.08, "1", _AZT1D),
}
"""By the name of the figure in InsulinFigures."""
WORDS = {
    "units_per_day": "insulin a day",
    "basal_share": "share of basal",
    "longest_without_hours": "longest time without insulin",
    "unmoved_share": "boluses without any rise or fall of glucose in the 3 h after",
}
"""By the same names, what each figure is."""


@dataclass(frozen=True)
class InsulinFigures:
    """A pump's figures; NaN where nothing is known.

    units_per_day: U of basal and bolus, over the records in which both are known. basal_share: of these units.
    longest_without_hours: the longest time in which none was delivered, as far as is known. unmoved_share: of the
    boluses of SMALLEST_BOLUS or more with readings after them, those after which glucose did not move for three hours.
    """

    units_per_day: float
    basal_share: float
    longest_without_hours: float
    unmoved_share: float

    def unusual(self) -> tuple[str, ...]:
        """The names of the figures that lie outside of what is usual; what is not known does not."""
        return tuple(
            name
            for name, usual in USUAL.items()
            if getattr(self, name) < usual.lowest or getattr(self, name) > usual.highest
        )


def insulin_figures(parts: Sequence[PumpRecords]) -> InsulinFigures:
    """The figures of one pump's records, its parts given in time order."""
    values = np.concatenate([part.values for part in parts]).astype(np.float64)
    times = np.concatenate([part.timestamps for part in parts])
    basal = values[:, Feature.basal_rate.column] / RECORDS_PER_HOUR
    bolus = values[:, Feature.bolus_dose.column]
    known = np.isfinite(basal) & np.isfinite(bolus)
    units = basal[known].sum() + bolus[known].sum()
    return InsulinFigures(
        units_per_day=float(units / known.sum() * RECORDS_PER_DAY) if known.any() else float("nan"),
        basal_share=float(basal[known].sum() / units) if units else float("nan"),
        longest_without_hours=_longest_run(known & (basal + bolus == 0), times) if known.any() else float("nan"),
        unmoved_share=_unmoved_share(values[:, Feature.bg.column], bolus, times),
    )


def _longest_run(none: Mask, times: Timestamps) -> float:
    """Hours of the longest run of neighbouring records in which there was none."""
    apart = np.append(True, np.diff(times) != RECORD_INTERVAL)
    # Runs are numbered by what ends them: a record with insulin, or one that is no neighbour of the one before.
    run = np.cumsum(~none | apart)
    return float(np.bincount(run[none]).max(initial=0) / RECORDS_PER_HOUR)


def _unmoved_share(glucose: Floats, bolus: Floats, times: Timestamps) -> float:
    unmoved, watched = 0, 0
    for place in np.flatnonzero(np.nan_to_num(bolus) >= SMALLEST_BOLUS):
        after = slice(place, place + _WATCHED + 1)
        whole = times[after][-1] - times[place] == RECORD_INTERVAL * _WATCHED
        readings = glucose[after][np.isfinite(glucose[after])]
        if whole and np.isfinite(glucose[place]) and len(readings) >= _MEASURED * _WATCHED:
            watched += 1
            unmoved += bool(np.abs(readings - glucose[place]).max() <= _UNMOVED)
    return unmoved / watched if watched >= _FEWEST_BOLUSES else float("nan")
