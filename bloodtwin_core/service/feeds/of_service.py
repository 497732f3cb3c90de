"""The feeds of a service: what they pull goes to the desk, and forecasts back to a site where that is asked for."""

from pathlib import Path

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.config.service import FeedSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.service.ages import Ages
from bloodtwin_core.service.feeds.feed import Feed
from bloodtwin_core.service.feeds.pulling import Pull
from bloodtwin_core.service.feeds.writing import SiteWriter
from bloodtwin_core.service.keeping import keep_all_of
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.told import stored_events

FOLDER = "feeds"


def feeds_of(service: Service) -> list[Feed]:
    """The feeds that the settings name, not begun yet. Raises SettingsError for one that cannot be."""
    return [_feed(service, settings, place) for place, settings in enumerate(service.settings.feeds)]


def folder_of(service: ServiceSettings, feed: FeedSettings, place: int) -> Path:
    """Where a feed of the settings keeps what it fetches."""
    return Path(service.store) / FOLDER / f"{place}_{feed.source}"


def _feed(service: Service, settings: FeedSettings, place: int) -> Feed:
    wearer = service.store.wearers.named(settings.wearer)
    if wearer is None:
        raise SettingsError(f"the feed of {settings.wearer} is of nobody. Make the wearer first: bloodtwin wearers add")
    pull = Pull.of(settings, folder_of(service.settings, settings, place), service.settings.oldest_days)
    writer = SiteWriter.of(pull) if settings.writes_forecast else None
    origin = f"feed {place} {settings.source}"

    def hand_on(events: PumpEvents) -> None:
        since = Ages.of(service.settings, service.now()).first
        told = list(stored_events(events, origin, since))
        job = keep_all_of(service, wearer, origin, told, since, events.wearer_zone)
        job.written.result()
        made = job.outlook.result()
        if writer is not None:
            writer.write(made)

    return Feed(settings.wearer, pull, settings.every_seconds, hand_on)
