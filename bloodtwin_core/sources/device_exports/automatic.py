"""The basal rate of MiniMed pumps in automatic mode (Auto Mode, SmartGuard), in which the programmed rate does not run.

The pump then gives a micro-bolus every five minutes, or none where its algorithm pauses: a pause is logged by nothing,
and is no exit from automatic mode (tidepool-org/uploader issues 565 and 620). An exit is logged: an alarm, and the
basal rate that runs from then on.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.device_exports.local import LocalBasal, rate_at, with_changes

DELIVERY = np.timedelta64(5 * 60, "s")
"""A pump in automatic mode delivers every five minutes, MiniMed 670G System User Guide."""
LONGEST_PAUSE = np.timedelta64(6 * 3600, "s")
"""A 780G leaves automatic mode after 3 to 6 hours at its least delivery, a 670G after 2.5 (their user guides). Nobody
knows what was delivered in a longer time without a delivery, an exit or a rate."""
_BASAL_STEP = np.timedelta64(30 * 60, "s")
"""Programmed rates change at half hours; the pump logs that also while automatic mode keeps them from running, as
pra008/Medtronic-csv-FHIR shows at midnights."""
_LATE = np.timedelta64(2, "s")
_HOUR = 3600
_DAY = np.timedelta64(24 * 3600, "s")

_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Spans:
    """Spans of local time, from starts up to, not including, ends [span], sorted and apart."""

    starts: Timestamps
    ends: Timestamps

    def hold(self, times: Timestamps) -> _Mask:
        """Whether each time lies in one of the spans."""
        span = np.searchsorted(self.starts, times, side="right") - 1
        inside: _Mask = np.zeros(len(times), dtype=bool)
        inside[span >= 0] = times[span >= 0] < self.ends[span[span >= 0]]
        return inside


@dataclass(frozen=True)
class AutomaticMode:
    """Where the programmed rate did not run: in spans `running` the pump decided, in spans `unknown` nobody knows."""

    running: Spans
    unknown: Spans


def off_schedule(times: Timestamps) -> _Mask:
    """Whether each change of the programmed rate is at a time at which a basal profile cannot change by itself."""
    seconds = (times - times.astype("datetime64[D]")).astype("timedelta64[s]")
    off: _Mask = seconds % _BASAL_STEP > _LATE
    return off


def automatic_mode(times: Timestamps, exits: Timestamps) -> AutomaticMode:
    """Where automatic mode ran, from its deliveries at sorted times [delivery] and the logged exits [exit], sorted.

    It goes on through any pause without an exit, up to LONGEST_PAUSE; what was delivered in a longer one is unknown.
    After the last delivery it ends with the exit, or where none is logged with that delivery's five minutes.
    """
    times = np.unique(times)
    following = np.append(times[1:], np.datetime64("NaT", "s"))
    exit_after = np.append(exits, np.datetime64("NaT", "s"))[np.searchsorted(exits, times, side="right")]
    last = np.isnat(following)
    left = ~np.isnat(exit_after) & (last | (exit_after < following))
    until = np.where(left, exit_after, following)
    lost = ~np.isnat(until) & (until - times > LONGEST_PAUSE)
    ends = np.where(lost | np.isnat(until), times + DELIVERY, until)
    breaks = left | lost | last
    running = Spans(times[np.append(True, breaks[:-1])[: len(times)]], ends[breaks])
    return AutomaticMode(running, Spans(ends[lost], until[lost]))


def with_deliveries(basal: LocalBasal, times: Timestamps, doses: Floats, mode: AutomaticMode) -> LocalBasal:
    """Sorted programmed rates, replaced while automatic mode ran by its doses [delivery], U, at sorted times.

    Each dose is spread over five minutes from its time, so that one that another follows within seconds is no rate of
    45 U/h. Doses that overlap add up, and a dose is whole where the programmed rate comes back within its minutes.
    """
    rates = _instead(_instead(basal, mode.running, 0.0), mode.unknown, np.nan)
    moments = np.unique(np.concatenate([rates.times, times, times + DELIVERY]))
    return LocalBasal(moments, rate_at(rates, moments) + _automatic_rate(times, doses, moments))


def _automatic_rate(times: Timestamps, doses: Floats, moments: Timestamps) -> Floats:
    """U/h of the doses from each of the moments [moment] on."""
    # Whole millionths of a unit, so that the rate is exactly 0 again when the last dose is over.
    given = np.append(0, np.cumsum(np.rint(doses * 1e6).astype(np.int64)))
    begun = given[np.searchsorted(times, moments, side="right")]
    over = given[np.searchsorted(times + DELIVERY, moments, side="right")]
    rate: Floats = (begun - over) / 1e6 * _HOUR / DELIVERY.astype(np.int64)
    return rate


def _instead(basal: LocalBasal, spans: Spans, rate: float) -> LocalBasal:
    """Sorted rates, another in the spans; after each the rate then in force holds."""
    if not len(spans.starts):
        return basal
    outside = ~spans.hold(basal.times)
    ends = spans.ends[~spans.hold(spans.ends)]
    changes = np.concatenate([ends, spans.starts])
    rates = np.concatenate([rate_at(basal, ends), np.full(len(spans.starts), rate)])
    order = np.argsort(changes, kind="stable")
    # An end at the very second of a programmed change comes before it, so that the programmed rate counts.
    return with_changes(LocalBasal(changes[order], rates[order]), basal.times[outside], basal.rate[outside])


def unknown_on(basal: LocalBasal, days: Timestamps, first: np.datetime64, last: np.datetime64) -> LocalBasal:
    """Sorted rates, unknown during days [day], given as their midnights; after each the rate then in force holds.

    Nothing is said of the time before first and after last, which other exports may cover.
    """
    starts, ends = np.maximum(days, first), np.setdiff1d(days + _DAY, days)
    starts, ends = np.unique(starts[(starts <= last) & (starts < days + _DAY)]), ends[(ends > first) & (ends <= last)]
    outside = ~Spans(days, days + _DAY).hold(basal.times)
    changes = np.concatenate([starts, ends])
    rates = np.concatenate([np.full(len(starts), np.nan), rate_at(basal, ends)])
    order = np.argsort(changes, kind="stable")
    # An end at the very second of a programmed change comes before it, so that the programmed rate counts.
    return with_changes(LocalBasal(changes[order], rates[order]), basal.times[outside], basal.rate[outside])
