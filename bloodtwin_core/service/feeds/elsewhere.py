"""Feeds of a process of their own: what they pull goes to a service over its JSON interface.

A service on a small computer then stays small, and what a source or its library does wrong ends the feeds alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import requests

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.config.service import FeedSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.records import CARBOHYDRATES
from bloodtwin_core.records.clock import is_named
from bloodtwin_core.service.ages import Ages
from bloodtwin_core.service.clock import Now
from bloodtwin_core.service.feeds.feed import Feed
from bloodtwin_core.service.feeds.of_service import folder_of
from bloodtwin_core.service.feeds.pulling import Pull
from bloodtwin_core.service.moments import moment_at, second_of, stamp
from bloodtwin_core.sources.credentials import secret
from bloodtwin_core.sources.http import silenced

TOKEN_VARIABLE = "BLOODTWIN_TOKEN"
_PATIENCE_SECONDS = 30.0
_MOST_WORDS = 300


def feeds_to(url: str, settings: ServiceSettings, now: Now) -> list[Feed]:
    """The feeds that the settings name, to the service at an address; not begun yet.

    Raises SettingsError for one that cannot be.
    """
    return [_feed(url, settings, feed, place, now) for place, feed in enumerate(settings.feeds)]


def _feed(url: str, settings: ServiceSettings, feed: FeedSettings, place: int, now: Now) -> Feed:
    if feed.writes_forecast:
        raise SettingsError("writes_forecast needs the forecasts of the service. Let the service itself run that feed")
    pull = Pull.of(feed, folder_of(settings, feed, place), settings.oldest_days)
    address = f"{url.rstrip('/')}/v1/wearers/{feed.wearer}/events/{_name(settings, place)}"
    token = secret(TOKEN_VARIABLE)
    sender = _Sender(address, token.get_secret_value() if token else "", lambda: Ages.of(settings, now()))
    return Feed(feed.wearer, pull, feed.every_seconds, sender)


def _name(settings: ServiceSettings, place: int) -> str:
    """What a feed's source is called at the service: by its name, and its place where a wearer has two of them."""
    feed = settings.feeds[place]
    alike = [other for other in settings.feeds if (other.wearer, other.source) == (feed.wearer, feed.source)]
    return feed.source if len(alike) == 1 else f"{feed.source}_{place}"


@dataclass(frozen=True)
class _Sender:
    """Sends all that a source tells of the last days."""

    address: str
    token: str
    ages: Callable[[], Ages]

    def __call__(self, events: PumpEvents) -> None:
        """Send. Raises DataError where the service does not take it."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        body = body_of(events, self.ages().first)
        try:
            with silenced():
                answer = requests.put(
                    self.address, json=body, headers=headers, timeout=_PATIENCE_SECONDS, allow_redirects=False
                )
        except requests.RequestException as error:
            what = f"the service at {self.address} does not answer ({type(error).__name__})"
            raise DataError(what, todo="Look at --to, and whether it runs") from None
        if answer.status_code != requests.codes.ok:
            what = f"the service answered {answer.status_code}: {answer.text[:_MOST_WORDS]}"
            raise DataError(what, todo=f"Look at the wearer's name, and at {TOKEN_VARIABLE}")


def body_of(events: PumpEvents, since: int) -> dict[str, Any]:
    """The body of PUT /v1/wearers/{name}/events/{source}: all events from a second on."""
    glucose, basal, bolus = events.glucose, events.basal, events.bolus
    announced = events.extra.get(CARBOHYDRATES)
    return {
        "since": stamp(moment_at(since)),
        "zone": events.wearer_zone if is_named(events.wearer_zone) else "",
        "readings": _rows(since, glucose.times, glucose=glucose.glucose, sensor=glucose.sensor),
        "basal": _rows(since, basal.times, rate=basal.rate),
        "boluses": _rows(since, bolus.times, dose=bolus.dose, minutes=bolus.minutes),
        "carbohydrates": _rows(since, announced.times, grams=announced.amount) if announced else [],
    }


def _rows(since: int, times: Any, **columns: npt.NDArray[Any]) -> list[dict[str, Any]]:
    """Rows of the interface; a number that nobody knows is null."""
    return [
        {"time": stamp(moment_at(second)), **{name: _told(value) for name, value in zip(columns, values, strict=True)}}
        for time, *values in zip(times, *columns.values(), strict=True)
        if (second := second_of(time)) >= since
    ]


def _told(value: Any) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and np.isnan(plain) else plain
