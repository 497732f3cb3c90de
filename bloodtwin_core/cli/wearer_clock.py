"""The clock of the wearer: which zone a source knows, and the time of day that a forecast needs."""

from dataclasses import replace

import numpy as np

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.display.clock import Clock
from bloodtwin_core.events.zones import zone_named, zone_or_offset
from bloodtwin_core.records import Feature, PumpRecords, time_of_day
from bloodtwin_core.records.split_header import SplitHeader
from bloodtwin_core.sources.nightscout import NightscoutSettings

_SITE = "nightscout"
_LOCAL_SOURCES = ("azt1d", "brist1d", "simulator")
"""Their records' times are the wearer's wall time, of a zone that nobody tells."""
_LOCAL_TIMES = "local wall time"
"""How tz_handling of their files begins."""
_ZONES = {"t1d_uom": "Europe/London"}
"""Zones of data sets whose people all live in one."""


def with_zone(settings: DataSettings, source: str, zone: str) -> DataSettings:
    """The settings with the wearer's zone, where the source has a setting for it. Raises SettingsError for no zone."""
    group = getattr(settings, source, None)
    if not zone or group is None or "time_zone" not in type(group).model_fields:
        return settings
    return settings.model_copy(update={source: group.model_copy(update={"time_zone": zone_named(zone).key})})


def zone_of(settings: DataSettings) -> str:
    """The wearer's zone as far as data.source knows it, else empty."""
    if settings.source == _SITE:
        from bloodtwin_core.sources.nightscout.importer import wearer_zone  # It needs pandas.

        return settings.of(NightscoutSettings).time_zone or wearer_zone(settings)
    group = getattr(settings, settings.source, None)
    return str(getattr(group, "time_zone", "")) or _ZONES.get(settings.source, "")


def clock_of(source: str, header: SplitHeader, zone: str) -> Clock:
    """The wearer's clock. Raises SettingsError for a zone of times that are local already."""
    is_local = source in _LOCAL_SOURCES or header.tz_handling.startswith(_LOCAL_TIMES)
    if is_local and zone:
        raise SettingsError(f"--zone {zone}: these times are local already, of a zone that nobody tells. Leave it out")
    return Clock(zone_or_offset(zone)) if zone else Clock(is_local=is_local)


def in_local_time(records: PumpRecords, clock: Clock) -> PumpRecords:
    """The records with sine and cosine of the wearer's time of day; their timestamps stay UTC.

    The base model learnt from local wall times. This is the one place that sees to it here.
    """
    if clock.zone is None:
        return records
    local = np.array([clock.at(moment).replace(tzinfo=None) for moment in records.timestamps], dtype="datetime64[s]")
    values = records.values.copy()
    for feature, column in zip((Feature.sin_time, Feature.cos_time), time_of_day(local), strict=True):
        values[:, feature.column] = column
    return replace(records, values=values)
