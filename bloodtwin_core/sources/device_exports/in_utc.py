"""A wearer's exports as events in UTC: local times converted, files merged, silence of the pump taken as not known."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bloodtwin_core.events.clocks import recorded_oldest_first, set_back_undone, utc_from_local, zone_named
from bloodtwin_core.events.kinds import BasalEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.events.repairs import Repairs
from bloodtwin_core.events.silence import until_unheard
from bloodtwin_core.records import Timestamps
from bloodtwin_core.sources.device_exports.local import LocalEvents

Values = npt.NDArray[np.generic]


def merged_in_utc(pump_id: str, exports: Sequence[LocalEvents], time_zone: str) -> PumpEvents:
    """The events of all exports of one wearer, in UTC, without exact repeats.

    Raises SettingsError if there is no such time zone.
    """
    zone = zone_named(time_zone)
    parts: list[PumpEvents] = []

    def converted(times: Timestamps, *values: Values) -> tuple[Timestamps, list[Values], Repairs]:
        order = slice(None) if recorded_oldest_first(times) else slice(None, None, -1)
        utc, repairs = utc_from_local(times[order], zone)
        utc, back = set_back_undone(utc)
        return utc, [column[order] for column in values], repairs + back

    heard: list[Timestamps] = []
    for export in exports:
        for glucose in export.glucose:
            utc, (readings, sensor), repairs = converted(glucose.times, glucose.glucose, glucose.sensor)
            parts.append(PumpEvents(pump_id, glucose=GlucoseEvents.of(utc, readings, sensor), repairs=repairs))
        for basal in export.basal:
            utc, (rate,), repairs = converted(basal.times, basal.rate)
            parts.append(PumpEvents(pump_id, basal=BasalEvents.of(utc, rate), repairs=repairs))
        for bolus in export.bolus:
            utc, (dose, minutes), repairs = converted(bolus.times, bolus.dose, bolus.minutes)
            parts.append(PumpEvents(pump_id, bolus=BolusEvents.of(utc, dose, minutes), repairs=repairs))
        heard += [converted(times)[0] for times in export.heard]
    merged = PumpEvents(pump_id, wearer_zone=time_zone).merged(*parts)
    return until_unheard(merged, np.sort(np.concatenate(heard))) if heard else merged
