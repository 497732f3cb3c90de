"""A basal rate holds until the next, but not for ever while nothing is heard of the pump: the one rule for all sources.

What is known at a time does not depend on what comes later, so that the rate holds for the first LONGEST_SILENCE of any
silence and is unknown after it.
"""

from dataclasses import replace

import numpy as np

from bloodtwin_core.events.kinds import BasalEvents, PumpEvents
from bloodtwin_core.records import Mask, Timestamps

LONGEST_SILENCE = np.timedelta64(25 * 3600, "s")
"""After it nobody knows what the pump does: a basal profile repeats every day, of which the longest has 25 hours, pumps
write to their log once a day at least, and whoever wears one boluses every day."""


def lately(heard: Timestamps, times: Timestamps) -> Mask:
    """Whether something was heard in the LONGEST_SILENCE before each time [time]; heard: [word], UTC, sorted."""
    place = np.searchsorted(heard, times, side="right") - 1
    last = np.append(heard, np.datetime64("NaT", "s"))[place]  # Of -1, before the first word, that is no time.
    within: Mask = times - last <= LONGEST_SILENCE
    return within


def held(basal: BasalEvents, heard: Timestamps, until: np.datetime64 | None = None) -> BasalEvents:
    """The rates, unknown from where nothing was heard for LONGEST_SILENCE until the next rate.

    heard: [word], UTC, sorted, when the pump said anything. until: when the history ends; None if it may go on.
    """
    ends = heard[-1:] + 2 * LONGEST_SILENCE if until is None else np.array([until], dtype="datetime64[s]")
    unknown = heard[np.diff(np.append(heard, ends)) > LONGEST_SILENCE] + LONGEST_SILENCE
    # Stable sorting puts the silence's end before a rate of the same second, which then counts.
    times = np.concatenate([unknown, basal.times])
    return BasalEvents.of(times, np.concatenate([np.full(len(unknown), np.nan), basal.rate]))


def until_unheard(events: PumpEvents, heard: Timestamps) -> PumpEvents:
    """The events, their rates held through no longer silence than LONGEST_SILENCE up to the last event of any kind.

    heard: [word], UTC, sorted, when the pump wrote what its source tells basal from; see held.
    """
    if len(events.basal) == 0:
        return events
    last = max(kind.times[-1] for kind in (events.glucose, events.basal, events.bolus) if len(kind))
    return replace(events, basal=held(events.basal, heard, last))
