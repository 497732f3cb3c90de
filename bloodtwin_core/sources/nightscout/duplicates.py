"""One delivery that was uploaded twice: under the same number of the pump, or by two uploaders.

- The same number: AAPS's pumpId and pumpSerial (AndroidAPS #1768, cgm-remote-monitor #7458), the pump's own record in
  oref0's documents (xDrip #912), Loop's syncIdentifier, which it posts again, tconnectsync's pump_event_id. What was
  written last counts.
- Two uploaders: the same dose at nearly the same time from different apps, such as an app and xDrip+ that passes its
  treatments on. Each bolus of one is taken for at most one of the other, so that two doses that are really two stay two
  where both uploaders have both.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.decimals import number_or_nan
from bloodtwin_core.records import Mask
from bloodtwin_core.sources.nightscout.deliveries import BY_PUMP, COLUMNS, UNKNOWN
from bloodtwin_core.sources.nightscout.site_rows import Objects, SiteRows

_NEAR_SECONDS = 60
"""Two apps that see one delivery round its time to the minute, at most."""
_SECONDS_PER_UNIT = 40.0
"""A pump takes so long to deliver a unit (Medtronic 1.5 U/min), and one app may write the beginning, one the end."""
_LARGEST = 1e9
"""Larger numbers make no sense, and are refused as such later on."""
_SAME_DOSE = 100
"""Hundredths of a unit to which two apps round the same dose."""


@dataclass(frozen=True)
class _Told:
    """What the details of boluses say, [row]: uploader and record UNKNOWN where nothing is said."""

    uploader: Objects
    by_pump: Mask
    record: Objects
    modified: Floats

    @classmethod
    def of(cls, boluses: SiteRows) -> Self:
        """Older rows have fewer words, or none."""
        lacking = (UNKNOWN, "", UNKNOWN, "")
        told = [(*(words := text.split(" ")[: len(COLUMNS)]), *lacking[len(words) :]) for text in boluses.detail]
        uploaders, by, records, modified = zip(*told, strict=True) if told else ((), (), (), ())
        return cls(
            np.array([name or UNKNOWN for name in uploaders], dtype=np.object_),
            np.array([one == BY_PUMP for one in by], dtype=bool),
            np.array(records, dtype=np.object_),
            np.nan_to_num(np.array([number_or_nan(one) for one in modified], dtype=np.float64)),
        )


def repeated(boluses: SiteRows) -> Mask:
    """Which boluses [row], in the order of time, were delivered once, but uploaded again."""
    told = _Told.of(boluses)
    again = _same_record(boluses.id, told)
    left = np.flatnonzero(~again)
    again[left] = _of_two_uploaders(boluses.chosen(left), told.uploader[left], told.by_pump[left])
    return again


def _same_record(ids: Objects, told: _Told) -> Mask:
    """All but what was written last, of what has the same number of the pump."""
    again = np.zeros(len(ids), dtype=bool)
    seen: set[tuple[str, bool]] = set()
    known = np.flatnonzero(told.record != UNKNOWN)
    for place in known[np.argsort(told.modified[known], kind="stable")][::-1].tolist():
        key = (told.record[place], ids[place].endswith("+"))
        again[place] = key in seen
        seen.add(key)
    return again


def _of_two_uploaders(boluses: SiteRows, uploader: Objects, by_pump: Mask) -> Mask:
    """The later, or the one without a number of the pump, of two equal doses of different uploaders at one time."""
    again = np.zeros(len(boluses), dtype=bool)
    if len(set(uploader)) < 2:
        return again
    dose = np.rint(np.minimum(boluses.value, _LARGEST) * _SAME_DOSE).astype(np.int64)
    seconds = boluses.times.astype(np.int64)
    minutes = np.rint(np.minimum(boluses.minutes, _LARGEST)).astype(np.int64)
    order = np.lexsort((seconds, minutes, dose))
    taken = np.zeros(len(boluses), dtype=bool)
    for first, second in pairwise(order):
        near = _NEAR_SECONDS + _SECONDS_PER_UNIT * dose[first] / _SAME_DOSE
        alike = dose[first] == dose[second] and minutes[first] == minutes[second]
        if not alike or uploader[first] == uploader[second] or taken[first]:
            continue
        # What has the same second and all else is an exact repeat, which is counted as such later on.
        if 0 < seconds[second] - seconds[first] <= near:
            taken[first] = taken[second] = True
            again[first if by_pump[second] and not by_pump[first] else second] = True
    return again
