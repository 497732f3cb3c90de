"""The events of the last days from a source: fetched if it is a cloud, and read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bloodtwin_core.common.errors import DataError, SettingsError, in_brief
from bloodtwin_core.common.progress import silent
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.service import FeedSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.wearers import joined
from bloodtwin_core.pipeline.run_config import assign
from bloodtwin_core.records import CARBOHYDRATES
from bloodtwin_core.sources.registry import source_named
from bloodtwin_core.sources.settings import data_model
from bloodtwin_core.sources.source import EventSource

_ASKED_ONCE = {"attempts": 2, "first_wait_seconds": 1.0, "longest_wait_seconds": 10.0, "timeout_seconds": 30.0}
"""A feed asks again by itself, later and later."""
_KEPT_WINDOWS = timedelta(days=90)
_FETCHED = "*.csv.gz"

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Pull:
    """A source with its settings. days: how far back from now events are wanted."""

    source: EventSource
    settings: DataSettings
    days: int

    @classmethod
    def of(cls, feed: FeedSettings, folder: Path, days: int) -> "Pull":
        """What a feed's settings say; folder keeps what is fetched. Raises SettingsError for what cannot be."""
        source = source_named(feed.source)
        if not isinstance(source, EventSource):
            raise SettingsError(
                f"a feed cannot be of {feed.source}, which tells no single events. Choose another source"
            )
        if source.fetch is None and not feed.root:
            raise SettingsError(
                f"the feed of {feed.wearer} lacks root. Name the folder in which {feed.source} files grow"
            )
        settings = _data_settings(feed, folder)
        if feed.address:
            if not source.address_setting:
                raise SettingsError(
                    f"the feed of {feed.wearer} has an address, and {feed.source} reads none. Leave it out"
                )
            settings = source.with_address(settings, feed.address)
        return cls(source, settings, days)

    def stamp(self) -> Stamp | None:
        """What tells whether files have grown; None for a cloud, which is asked."""
        if self.source.fetch is not None:
            return None
        states = [(path, path.stat()) for path in sorted(Path(self.settings.root).rglob("*")) if path.is_file()]
        return tuple((str(path), state.st_size, state.st_mtime_ns) for path, state in states)

    def __call__(self, wearer: str) -> PumpEvents:
        """The events of the last days and earlier. Raises BloodTwinError."""
        since = datetime.now(UTC) - timedelta(days=self.days)
        settings = self.settings
        if self.source.fetch is not None:
            fetch = settings.fetch.model_copy(update={"since": since.date().isoformat(), **_ASKED_ONCE})
            settings = settings.model_copy(update={"fetch": fetch})
            self.source.fetch(settings, silent)
            _forget_old_windows(Path(settings.root))
        pumps = list(self.source.events(settings, silent))
        if len(pumps) > 1 and not settings.pump_ids:
            there = ", ".join(pump.pump_id for pump in pumps)
            raise DataError(f"{self.source.title} tells of several pumps: {there}", todo="Name those of the wearer")
        if not pumps:
            raise DataError(f"{self.source.title} tells of no pump", todo="Look at the account or folder")
        return joined(wearer, pumps) if len(pumps) > 1 else pumps[0]


def _data_settings(feed: FeedSettings, folder: Path) -> DataSettings:
    groups: dict[str, Any] = {}
    for assignment in feed.settings:
        assign(groups, f"data.{assignment.removeprefix('data.')}")
    said: Mapping[str, Any] = groups.get("data", {})
    root = feed.root or str(folder)
    try:
        return data_model().model_validate(
            {
                **said,
                "source": feed.source,
                "root": root,
                "pump_ids": feed.pump_ids,
                "extra_features": [CARBOHYDRATES],
            }
        )
    except ValidationError as error:
        raise SettingsError(f"the feed of {feed.wearer}: {in_brief(error)}. Correct it") from error


def _forget_old_windows(root: Path) -> None:
    """What was fetched long ago is of no use to a feed, and would be read each time. Profiles have no day."""
    oldest = (datetime.now(UTC) - _KEPT_WINDOWS).date().isoformat()
    for path in root.rglob(_FETCHED):
        if "1980" < path.name[:10] < oldest:
            path.unlink(missing_ok=True)
