"""The option --feed, as `serve` and `feed` take it."""

import argparse

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.config.service import FeedSettings


def add_feed_option(parser: argparse.ArgumentParser) -> None:
    """--feed, as often as there are sources."""
    parser.add_argument(
        "--feed",
        action="append",
        default=[],
        metavar="SOURCE[=WHERE]",
        help="get the wearer's events from a source: nightscout=https://my-site.example, dexcom_share, events=FOLDER",
    )


def with_feeds(settings: ServiceSettings, given: argparse.Namespace) -> ServiceSettings:
    """The settings with the feeds of --feed, which are of --wearer. Raises SettingsError without one."""
    if given.feed and not given.wearer:
        raise SettingsError("--feed gets the events of somebody: say of whom with --wearer NAME")
    feeds = [_feed(text, given.wearer) for text in given.feed]
    return settings.model_copy(update={"feeds": [*settings.feeds, *feeds]})


def _feed(text: str, wearer: str) -> FeedSettings:
    source, _, where = text.partition("=")
    is_address = where.startswith(("http://", "https://"))
    return FeedSettings(
        wearer=wearer, source=source, address=where if is_address else "", root="" if is_address else where
    )
