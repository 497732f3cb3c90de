"""Boluses from a site's rows, each delivery once, and the insulin that is none."""

import numpy as np
import pandas as pd

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.events.kinds import BolusEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.nightscout.deliveries import BY_PUMP
from bloodtwin_core.sources.nightscout.duplicates import repeated, with_delivery
from bloodtwin_core.sources.nightscout.kinds import SiteKind

_SECONDS_PER_MINUTE = 60
_PLACES = 6


def bolus_events(rows: pd.DataFrame) -> tuple[BolusEvents, Repairs]:
    """Every bolus, at once or spread over its minutes, and the insulin (U) of what is no bolus or was left out.

    rows: in UTC, in the order of time.
    """
    boluses = with_delivery(rows[rows["kind"] == SiteKind.bolus])
    again = repeated(boluses)
    kept = boluses[~again]
    times = kept["time"].to_numpy(dtype="datetime64[s]")
    dose, minutes = kept["value"].to_numpy(dtype=np.float64), kept["minutes"].to_numpy(dtype=np.float64)
    ends = rows.loc[rows["kind"] == SiteKind.extended_end, "time"].to_numpy(dtype="datetime64[s]")
    shortened, lasting = _cut_short(times, dose, minutes, ends)
    repeats = pd.DataFrame({"time": times, "dose": shortened, "minutes": lasting}).duplicated(keep="last").to_numpy()
    repairs = Repairs()
    for kind, units in (
        (RepairKind.repeated_delivery_units, boluses.loc[again, "value"].sum() + shortened[repeats].sum()),
        (RepairKind.extended_bolus_units_stopped, (dose - shortened).sum()),
        (RepairKind.long_acting_units, rows.loc[rows["kind"] == SiteKind.long_acting, "value"].sum()),
        (RepairKind.priming_units, rows.loc[rows["kind"] == SiteKind.priming, "value"].sum()),
    ):
        repairs += Repairs.of(kind, round(float(units), _PLACES))
    repairs += Repairs.of(RepairKind.repeated_deliveries, int(again.sum()))
    return BolusEvents.of(times, shortened, lasting), repairs


def pump_delivered(rows: pd.DataFrame) -> Timestamps:
    """When a pump demonstrably delivered a bolus, ascending: it was not suspended then. rows: in the order of time."""
    boluses = rows[(rows["kind"] == SiteKind.bolus) & rows["detail"].str.contains(f" {BY_PUMP} ", regex=False)]
    return boluses["time"].to_numpy(dtype="datetime64[s]")


def _cut_short(times: Timestamps, dose: Floats, minutes: Floats, ends: Timestamps) -> tuple[Floats, Floats]:
    """Doses and minutes of spread boluses up to the first end that falls within them."""
    if not len(ends):
        return dose, minutes
    ends = np.sort(ends)
    place = np.minimum(np.searchsorted(ends, times, side="right"), len(ends) - 1)
    until = (ends[place] - times) / np.timedelta64(_SECONDS_PER_MINUTE, "s")
    cut = (until > 0) & (until < minutes)
    share = np.where(cut, until / np.where(minutes > 0, minutes, 1.0), 1.0)
    return dose * share, np.where(cut, until, minutes)
