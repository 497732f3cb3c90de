"""From a site's rows to a pump's events. Where the rows come from, a site or a dump of it, is not asked."""

from collections.abc import Iterable

import numpy as np

from bloodtwin_core.events.kinds import AmountEvents, BasalEvents, PumpEvents
from bloodtwin_core.events.plausible import EARLIEST, impossible_times
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.records import CARBOHYDRATES
from bloodtwin_core.sources.nightscout.basal import basal_events, switches_without_profile, zone_in_force
from bloodtwin_core.sources.nightscout.carbohydrates import carbohydrate_events
from bloodtwin_core.sources.nightscout.delivered import bolus_events
from bloodtwin_core.sources.nightscout.documents import entry_rows, profile_rows, status_rows, treatment_rows
from bloodtwin_core.sources.nightscout.glucose import glucose_events
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.second_opinion import stated_totals
from bloodtwin_core.sources.nightscout.site_rows import SiteRows
from bloodtwin_core.sources.nightscout.values import Document
from bloodtwin_core.sources.unreadable import not_understood

_OF_BASAL = (SiteKind.temp_basal, SiteKind.temp_per_cent, SiteKind.suspended, SiteKind.resumed)


def events_of_documents(
    pump_id: str,
    entries: Iterable[Document],
    treatments: Iterable[Document],
    profiles: Iterable[Document],
    statuses: Iterable[Document] = (),
    *,
    default_zone: str = "",
    profile_basal: bool = True,
    with_carbohydrates: bool = False,
    until: np.datetime64 | None = None,
) -> PumpEvents:
    """The events of a site's documents, as its JSON lists them, in any order; a document that stands again counts once.

    default_zone and profile_basal: as data.nightscout. until: the last time (UTC) of which anything is told about
    basal, by default now by this computer's clock. Raises SettingsError for a profile without a zone, DataError
    where the unit of the readings is in doubt.
    """
    rows = [*entry_rows(entries), *treatment_rows(treatments, default_zone), *status_rows(statuses)]
    return events_of_rows(
        pump_id,
        [SiteRows.of(rows).once()],
        SiteRows.of(profile_rows(profiles, default_zone)).once(),
        profile_basal=profile_basal,
        with_carbohydrates=with_carbohydrates,
        stated_zone=default_zone,
        until=until,
    )


def events_of_rows(
    pump_id: str,
    tables: Iterable[SiteRows],
    profiles: SiteRows,
    *,
    profile_basal: bool,
    with_carbohydrates: bool = False,
    stated_zone: str = "",
    until: np.datetime64 | None = None,
) -> PumpEvents:
    """The events of rows (see SiteKind), each of which stands once. Raises as events_of_documents."""
    rows, unreadable = _together(tables)
    unreadable = SiteRows.joined([unreadable, profiles.of_kind(SiteKind.unreadable)])
    profiles = profiles.of_kind(SiteKind.profile).in_order()
    glucose, read = glucose_events(rows)
    bolus, left_out = bolus_events(rows)
    basal, refused = _basal(rows, profiles if profile_basal else SiteRows.of([]), until)
    repairs = read + left_out + refused + not_understood(unreadable.detail, unreadable.value)
    extra: dict[str, AmountEvents] = {}
    if with_carbohydrates:
        extra[CARBOHYDRATES], unread = carbohydrate_events(rows)
        repairs += unread
    zone = zone_in_force(profiles, stated_zone)
    stated = stated_totals(rows, bolus)
    found = PumpEvents(pump_id, glucose, basal, bolus, repairs, extra, stated=stated, wearer_zone=zone)
    return found.without_repeats()


def _basal(rows: SiteRows, profiles: SiteRows, until: np.datetime64 | None) -> tuple[BasalEvents, Repairs]:
    """Basal of the time that can have been; a switch may be older, since it is in force until the next."""
    impossible = impossible_times(rows.times, until)
    refused = int((impossible & rows.are(*_OF_BASAL)).sum())
    switches = (rows.times < EARLIEST) & rows.are(SiteKind.profile_switch)
    in_time = rows.chosen(~impossible | switches)
    basal = basal_events(rows.chosen(~impossible), profiles, in_time)
    unknown = switches_without_profile(profiles, in_time) if len(profiles) else 0
    return basal, Repairs.of(RepairKind.times_refused, refused) + Repairs.of(
        RepairKind.unreadable_rows, unknown, "Profile Switch to a profile that the site does not have"
    )


def _together(tables: Iterable[SiteRows]) -> tuple[SiteRows, SiteRows]:
    """All rows in the order of time, and those that were not understood; ids only of what they are asked of."""
    kept, unreadable = [SiteRows.of([])], [SiteRows.of([])]
    for table in tables:
        unread = table.are(SiteKind.unreadable)
        unreadable.append(table.chosen(unread))
        kept.append(table.chosen(~unread).with_ids_of(SiteKind.bolus))
    return SiteRows.joined(kept).in_order(), SiteRows.joined(unreadable)
