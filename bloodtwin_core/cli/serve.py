"""Forecasts as readings come in: a service on this machine, with a page at http://127.0.0.1:8484/.

It listens to this machine alone. At another address it needs tokens, made with `bloodtwin wearers add`; give it a
certificate there too, since without one they can be read on the way. docs/live.md says what to send to it.

  bloodtwin serve --demo --speed 60
  bloodtwin serve --wearer anna --zone Europe/Berlin
  bloodtwin serve --wearer anna --zone Europe/Berlin --feed nightscout=https://my-site.example
"""

import argparse
import logging
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from bloodtwin_core.cli.feed_options import add_feed_option, with_feeds
from bloodtwin_core.cli.service_settings import add_service_options, service_settings
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.events.zones import zone_named
from bloodtwin_core.records.pump_ids import pump_id_of

if TYPE_CHECKING:
    from bloodtwin_core.service.running import Service

_FASTEST = 1_000.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin serve` takes."""
    parser.add_argument("--wearer", metavar="NAME", help="make this wearer, or say where they live now")
    parser.add_argument("--zone", default="", metavar="ZONE", help="the wearer's time zone, such as Europe/Berlin")
    add_feed_option(parser)
    parser.add_argument("--model", metavar="FILE", help="model.onnx or the folder of a model")
    parser.add_argument("--address", metavar="ADDRESS", help="address to listen at (127.0.0.1)")
    parser.add_argument("--port", type=int, metavar="PORT", help="port to listen at (8484)")
    parser.add_argument("--certfile", metavar="FILE", help="TLS certificate (PEM)")
    parser.add_argument("--keyfile", metavar="FILE", help="key of the certificate")
    parser.add_argument("--demo", action="store_true", help="replay a virtual wearer, and keep nothing")
    parser.add_argument("--speed", type=float, default=1.0, metavar="TIMES", help="of the demo, 1 to 1,000 times")
    add_service_options(parser)


def run(given: argparse.Namespace) -> None:
    """Serve until interrupted. Raises BloodTwinError."""
    settings = with_feeds(service_settings(given), given)
    _require_sound(settings, given)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    with ExitStack() as stack:
        if given.demo:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bloodtwin-demo-"))
            settings = settings.model_copy(update={"store": folder})
        _serve(settings, given, stack)


def _require_sound(settings: ServiceSettings, given: argparse.Namespace) -> None:
    if not 1.0 <= given.speed <= _FASTEST:
        raise SettingsError(f"--speed {given.speed:g}: give 1 to {_FASTEST:,.0f}")
    if given.zone:
        zone_named(given.zone)
    if bool(settings.certificate) != bool(settings.certificate_key):
        raise SettingsError("a certificate needs its key: give both --certfile and --keyfile")
    for file in (settings.certificate, settings.certificate_key):
        if file and not Path(file).is_file():
            raise SettingsError(f"{file} is not there. Name the file of the certificate, and that of its key")


def _serve(settings: ServiceSettings, given: argparse.Namespace, stack: ExitStack) -> None:
    # FastAPI takes half a second to import, and a wrong option should be told before.
    from bloodtwin_core.service.running import Service
    from bloodtwin_core.service.web.server import listening, serve

    sockets = [listening(settings)]
    if given.demo:
        service = _demonstration(settings, given.speed, stack)
    else:
        service = Service(settings)
        if given.wearer:
            service.store.wearers.put(pump_id_of(given.wearer), given.zone)
    stack.callback(service.close)
    service.require_tokens()
    if settings.feeds:
        from bloodtwin_core.service.feeds.of_service import feeds_of

        service.feed_from(feeds_of(service))
    scheme = "https" if settings.certificate else "http"
    host = f"[{settings.address}]" if ":" in settings.address else settings.address
    sys.stdout.write(f"The page: {scheme}://{host}:{settings.port}/ (Ctrl+C ends it)\n")
    if service.needs_token and not settings.certificate:
        sys.stderr.write("bloodtwin: without a certificate, tokens and readings can be read on the way\n")
    sys.stdout.flush()
    serve(service, sockets)


def _demonstration(settings: ServiceSettings, speed: float, stack: ExitStack) -> "Service":
    from bloodtwin_core.service.clock import FastClock
    from bloodtwin_core.service.demo.recording import recorded
    from bloodtwin_core.service.demo.replay import NAME, Replay
    from bloodtwin_core.service.running import Service

    clock = FastClock(speed)
    service = Service(settings, clock)
    service.is_demonstration = True
    replay = Replay(recorded(), service, service.store.wearers.put(NAME, "UTC"), clock)
    replay.start()
    stack.callback(replay.close)
    return service
