"""The coming hour of each pump of a source, for those who run the graph and not the service."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.common.progress import silent
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.grid import bins_of, ends_of
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.records import RECORD_INTERVAL, RECORDS_PER_DAY, Feature
from bloodtwin_core.records.joining import records_up_to
from bloodtwin_core.records.past import PAST_REACH_DAYS
from bloodtwin_core.service.engine import Made
from bloodtwin_core.service.model import Model
from bloodtwin_core.service.moments import time_of
from bloodtwin_core.service.web.bodies.outlooks import OutlookOut
from bloodtwin_core.serving.facts import ExportFacts
from bloodtwin_core.serving.lookback import reach_of
from bloodtwin_core.serving.outlook import Outlook, Present, Reading, outlooks
from bloodtwin_core.serving.reasons import doubt_of
from bloodtwin_core.sources.registry import source_named
from bloodtwin_core.sources.source import EventSource


@dataclass(frozen=True)
class Latest:
    """The outlook of each pump, and the zone of each wearer ("" unknown); model: sha256 of its file."""

    outlooks: tuple[Outlook, ...]
    zones: tuple[str, ...]
    model: str

    def keep(self, path: Path) -> None:
        """Write them as JSON, a list of what GET /v1/wearers/{name}/forecast answers."""
        told = [
            OutlookOut.of(Made(outlook, self.model, 0), zone).model_dump_json()
            for outlook, zone in zip(self.outlooks, self.zones, strict=True)
        ]
        with atomic_write(path) as temporary:
            temporary.write_text("[" + ",\n".join(told) + "]\n")


def latest(settings: DataSettings, model: Model, now: int) -> Latest | None:
    """The outlooks at a moment (second since 1970 UTC), from what lies in data.root.

    None where data.source tells no single events, so that nothing of it is of now. Raises what its reader raises.
    """
    source = source_named(settings.source)
    if not isinstance(source, EventSource):
        return None
    facts = model.forecaster.facts
    presents, zones = [], []
    for events in source.events(settings, silent):
        presents.append(_present(events, now, facts))
        zones.append(events.wearer_zone)
    return Latest(tuple(outlooks(model.forecaster, presents)), tuple(zones), model.sha256)


def _present(events: PumpEvents, now: int, facts: ExportFacts) -> Present:
    moment = time_of(now)
    known = events.glucose.times <= moment
    if not known.any():
        return Present(events.pump_id, moment)
    reading = Reading(events.glucose.times[known][-1], float(events.glucose.glucose[known][-1]))
    try:
        records, _ = records_from_events(events, facts.max_gap_hours, moment, facts.features)
    except DataError as error:
        return Present(events.pump_id, moment, reading=reading, refusals=(doubt_of(error),))
    newest = max(_newest(events, moment), moment - RECORD_INTERVAL)
    reach = reach_of(facts, facts.lookback)
    if facts.wearer_past:
        reach = max(reach, PAST_REACH_DAYS * RECORDS_PER_DAY)
    joined = records_up_to([records], ends_of(bins_of(np.array([newest])))[0], reach)
    first = int(np.argmax(np.isfinite(joined.feature(Feature.bg))))
    joined = replace(joined.rows(first, len(joined)), wearer_zone=records.wearer_zone)
    return Present(events.pump_id, moment, joined, reading)


def _newest(events: PumpEvents, moment: np.datetime64) -> np.datetime64:
    def times() -> Iterator[np.datetime64]:
        for kind in (events.glucose, events.basal, events.bolus):
            yield from kind.times[kind.times <= moment][-1:]

    newest: np.datetime64 = max(times())
    return newest
