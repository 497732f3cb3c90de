"""The clock of the wearer: which zone a source knows, and the time of day that a forecast needs."""

from dataclasses import replace

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.display.clock import WearerClock
from bloodtwin_core.events.zones import zone_named
from bloodtwin_core.records import UNKNOWN_ZONE, WALL_TIME, PumpRecords
from bloodtwin_core.records.clock import is_named, zone_of
from bloodtwin_core.sources.registry import source_named


def with_zone(settings: DataSettings, source: str, zone: str) -> DataSettings:
    """The settings with the wearer's zone, where the source has a setting for it. Raises SettingsError for no zone."""
    group = getattr(settings, source, None)
    if not zone or group is None or "time_zone" not in type(group).model_fields:
        return settings
    return settings.model_copy(update={source: group.model_copy(update={"time_zone": zone_named(zone).key})})


def clock_of(source: str, records: PumpRecords, zone: str) -> WearerClock:
    """The wearer's clock: of the zone given, or of the one that the records know.

    Raises SettingsError for a zone of times that are local already.
    """
    is_local = source_named(source).local_times or records.wearer_zone == WALL_TIME
    if is_local and zone:
        raise SettingsError(f"--zone {zone}: these times are local already, of a zone that nobody tells. Leave it out")
    known = zone or (records.wearer_zone if is_named(records.wearer_zone) else "")
    return WearerClock(zone_of(known)) if known else WearerClock(is_local=is_local)


def on_clock(records: PumpRecords, clock: WearerClock) -> PumpRecords:
    """The records with the wearer's zone as the clock knows it, from which a forecaster tells the time of day."""
    if clock.zone is None:
        return replace(records, wearer_zone=WALL_TIME if clock.is_local else UNKNOWN_ZONE)
    return replace(records, wearer_zone=str(clock.zone).removeprefix("UTC") or "UTC")
