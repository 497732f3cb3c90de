"""Basal rates hold until the next, but not through a silence in which the pump told nothing."""

import numpy as np

from bloodtwin_core.events.kinds import BasalEvents, PumpEvents
from bloodtwin_core.records import Timestamps

LONGEST_SILENCE = np.timedelta64(25 * 3600, "s")
"""A pump writes to its log at least once a day, of which the longest has 25 hours; longer silence is no data."""


def until_unheard(events: PumpEvents, heard: Timestamps) -> PumpEvents:
    """The events, their basal unknown from where the pump has been silent for LONGEST_SILENCE until it gives a rate.

    heard: [row], UTC, sorted, when the pump wrote anything to its log.
    """
    if len(events.basal) == 0:
        return events
    silent = np.append(np.diff(heard) > LONGEST_SILENCE, True)
    ends = heard[silent] + LONGEST_SILENCE
    return events.merged(PumpEvents(events.pump_id, basal=BasalEvents.of(ends, np.full(len(ends), np.nan))))
