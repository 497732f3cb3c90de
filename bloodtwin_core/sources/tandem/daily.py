"""What a pump's log itself says of the basal insulin of a day: a line every hour or more often with the day's units so
far, which begin anew at the pump's midnight (LID_DAILY_BASAL; tconnectsync's events.py, pumpX2's DailyBasalHistoryLog).
"""

import numpy as np
import pandas as pd

from bloodtwin_core.events.stated_totals import StatedTotals, TotalOf
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.tandem.kinds import PumpKind


def stated_basal(log: pd.DataFrame, shown: Timestamps) -> StatedTotals:
    """The basal of each day up to its last line; shown: what the pump's clock showed [row].

    log: rows in the order of writing, time in UTC. Left out are days in which the clock was set, and those whose lines
    fall, so that they did not begin at its midnight.
    """
    frame = pd.DataFrame(
        {
            "day": shown.astype("datetime64[D]").astype("datetime64[s]"),
            "ahead": shown - log["time"].to_numpy(dtype="datetime64[s]"),
            "time": log["time"].to_numpy(dtype="datetime64[s]"),
            "units": log["value"].to_numpy(dtype=np.float64),
            "is_total": (log["kind"] == PumpKind.daily_basal).to_numpy(),
        }
    )
    one_clock = frame.groupby("day")["ahead"].nunique() == 1
    totals = frame[frame["is_total"]]
    rising = totals.groupby("day")["units"].apply(lambda units: bool((units.diff().dropna() >= 0).all()))
    last = totals.groupby("day").last()
    last = last[rising.reindex(last.index) & one_clock.reindex(last.index)]
    starts = (last.index.to_numpy() - last["ahead"].to_numpy()).astype("datetime64[s]")
    ends = last["time"].to_numpy(dtype="datetime64[s]")
    whole = ends > starts
    return StatedTotals.of(starts[whole], ends[whole], last["units"].to_numpy(dtype=np.float64)[whole], TotalOf.basal)
