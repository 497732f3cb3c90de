"""The feeds of a service: what they pull goes to the desk, and forecasts back to a site where that is asked for."""

from pathlib import Path

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config.service import FeedSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.service.ages import Ages
from bloodtwin_core.service.engine import Made
from bloodtwin_core.service.feeds.feed import Feed
from bloodtwin_core.service.feeds.pulling import Pull
from bloodtwin_core.service.feeds.writing import SiteWriter
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.store import EventKind, Store, Wearer
from bloodtwin_core.service.told import stored_events

FOLDER = "feeds"


def feeds_of(service: Service) -> list[Feed]:
    """The feeds that the settings name, not begun yet. Raises SettingsError for one that cannot be."""
    return [_feed(service, settings, place) for place, settings in enumerate(service.settings.feeds)]


def _feed(service: Service, settings: FeedSettings, place: int) -> Feed:
    wearer = service.store.wearers.named(settings.wearer)
    if wearer is None:
        raise SettingsError(f"the feed of {settings.wearer} is of nobody. Make the wearer first: bloodtwin wearers add")
    folder = Path(service.settings.store) / FOLDER / f"{place}_{settings.source}"
    pull = Pull.of(settings, folder, service.settings.oldest_days)
    writer = SiteWriter.of(pull) if settings.writes_forecast else None
    origin = f"feed {place} {settings.source}"

    def hand_on(events: PumpEvents) -> None:
        made = _kept(service, wearer, origin, events)
        if writer is not None:
            writer.write(made)

    return Feed(settings.wearer, pull, settings.every_seconds, hand_on)


def _kept(service: Service, wearer: Wearer, origin: str, events: PumpEvents) -> Made:
    """Let these be the origin's events of the last days; the outlook from then on."""
    ages = Ages.of(service.settings, service.now())
    told = list(stored_events(events, origin, ages.first))
    kept = [event for event in told if not ages.is_ahead(event.second)]
    note = ages.note([event.second for event in told if event.kind is EventKind.glucose])

    def write(store: Store) -> None:
        store.events.replace(wearer.number, origin, ages.first, kept, ages.now)
        if note is not None:
            store.events.put(wearer.number, [note], ages.now)
        if not wearer.zone and events.wearer_zone:
            store.wearers.put(wearer.name, events.wearer_zone)

    job = service.desk.put(wearer, write)
    job.written.result()
    return job.outlook.result()
