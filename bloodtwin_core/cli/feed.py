"""Feeds in a process of their own: what sources tell goes to a service that runs elsewhere, or stays small.

The service is `bloodtwin serve` here or on another machine; where it needs a token, BLOODTWIN_TOKEN holds it.

  bloodtwin feed --to http://127.0.0.1:8484 --wearer anna --feed nightscout=https://my-site.example
  bloodtwin feed --to https://glucose.example --config live.yaml
"""

import argparse
import logging
import sys
import threading
import time

from bloodtwin_core.cli.feed_options import add_feed_option, with_feeds
from bloodtwin_core.cli.service_settings import add_service_options, service_settings
from bloodtwin_core.common.errors import SettingsError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin feed` takes."""
    parser.add_argument("--to", required=True, metavar="URL", help="where the service is asked: http://127.0.0.1:8484")
    parser.add_argument("--wearer", metavar="NAME", help="whose events --feed gets, as the service knows them")
    add_feed_option(parser)
    add_service_options(parser)


def run(given: argparse.Namespace) -> None:
    """Feed until interrupted. Raises BloodTwinError."""
    settings = with_feeds(service_settings(given), given)
    if not given.to.startswith(("http://", "https://")):
        raise SettingsError(f"--to {given.to} is no address. Give it as http://127.0.0.1:8484")
    if not settings.feeds:
        raise SettingsError("there is no feed. Name one with --feed, or in service.feeds of a file given by --config")
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    # What reads sources takes a second to import, and a wrong option should be told before.
    from bloodtwin_core.service.feeds.elsewhere import feeds_to

    feeds = feeds_to(given.to, settings, time.time)
    for feed in feeds:
        sys.stdout.write(f"{feed.state.source} of {feed.state.wearer} to {given.to} (Ctrl+C ends it)\n")
        feed.start()
    sys.stdout.flush()
    try:
        threading.Event().wait()
    finally:
        for feed in feeds:
            feed.close()
