"""Boluses from a site's rows, each delivery once, and the insulin that is none."""

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.events.kinds import BolusEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.records import Mask, Timestamps
from bloodtwin_core.sources.nightscout.deliveries import BY_PUMP
from bloodtwin_core.sources.nightscout.duplicates import repeated
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.site_rows import SiteRows

_SECONDS_PER_MINUTE = 60
_PLACES = 6


def bolus_events(rows: SiteRows) -> tuple[BolusEvents, Repairs]:
    """Every bolus, at once or spread over its minutes, and the insulin (U) of what is no bolus or was left out.

    rows: in UTC, in the order of time.
    """
    boluses = rows.of_kind(SiteKind.bolus)
    again = repeated(boluses)
    kept = boluses.chosen(~again)
    times, dose, minutes = kept.times, kept.value, kept.minutes
    shortened, lasting = _cut_short(times, dose, minutes, rows.times[rows.are(SiteKind.extended_end)])
    repeats = _stand_again(times, shortened, lasting)
    repairs = Repairs()
    for kind, units in (
        (RepairKind.repeated_delivery_units, boluses.value[again].sum() + shortened[repeats].sum()),
        (RepairKind.extended_bolus_units_stopped, (dose - shortened).sum()),
        (RepairKind.long_acting_units, rows.value[rows.are(SiteKind.long_acting)].sum()),
        (RepairKind.priming_units, rows.value[rows.are(SiteKind.priming)].sum()),
    ):
        repairs += Repairs.of(kind, round(float(units), _PLACES))
    repairs += Repairs.of(RepairKind.repeated_deliveries, int(again.sum()))
    return BolusEvents.of(times, shortened, lasting), repairs


def pump_delivered(rows: SiteRows) -> Timestamps:
    """When a pump demonstrably delivered a bolus, ascending: it was not suspended then. rows: in the order of time."""
    boluses = rows.of_kind(SiteKind.bolus)
    by_pump: Mask = np.array([f" {BY_PUMP} " in text for text in boluses.detail], dtype=bool)
    return boluses.chosen(by_pump).times


def _stand_again(times: Timestamps, dose: Floats, minutes: Floats) -> Mask:
    """Which boluses stand again later on with the same second, dose and minutes."""
    order = np.lexsort((minutes, dose, times))
    columns = [times[order], dose[order], minutes[order]]
    again = np.zeros(len(times), dtype=bool)
    again[order[:-1]] = np.logical_and.reduce([column[1:] == column[:-1] for column in columns])
    return again


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
