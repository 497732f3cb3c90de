"""Forecasts as readings come in: a service on this machine, with a page at http://127.0.0.1:8484/.

It listens to this machine alone. Settings come from the group `service` of --config, else of the file that
BLOODTWIN_CONFIG names; options lie over it. docs/live.md says what to send to it.

  bloodtwin serve --demo --speed 60
  bloodtwin serve --wearer anna --zone Europe/Berlin
"""

import argparse
import logging
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bloodtwin_core.cli.settings import add_set_option
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.events.zones import zone_named
from bloodtwin_core.pipeline.run_config import RunConfig, read_run_config, with_assignments, with_settings
from bloodtwin_core.records.pump_ids import pump_id_of

_FASTEST = 1_000.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin serve` takes."""
    parser.add_argument("--wearer", metavar="NAME", help="make this wearer, or say where they live now")
    parser.add_argument("--zone", default="", metavar="ZONE", help="the wearer's time zone, such as Europe/Berlin")
    parser.add_argument("--store", metavar="FOLDER", help="where readings are kept")
    parser.add_argument("--model", metavar="FILE", help="model.onnx or the folder of a model")
    parser.add_argument("--address", metavar="ADDRESS", help="address to listen at (127.0.0.1)")
    parser.add_argument("--port", type=int, metavar="PORT", help="port to listen at (8484)")
    parser.add_argument("--certfile", metavar="FILE", help="TLS certificate (PEM)")
    parser.add_argument("--keyfile", metavar="FILE", help="key of the certificate")
    parser.add_argument("--demo", action="store_true", help="replay a virtual wearer, and keep nothing")
    parser.add_argument("--speed", type=float, default=1.0, metavar="TIMES", help="of the demo, 1 to 1,000 times")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings, of which the group service is used")
    add_set_option(parser, "any setting of the group service, such as keep_days=30")


def run(given: argparse.Namespace) -> None:
    """Serve until interrupted. Raises BloodTwinError."""
    settings = _settings(given)
    if not 1.0 <= given.speed <= _FASTEST:
        raise SettingsError(f"--speed {given.speed:g}: give 1 to {_FASTEST:,.0f}")
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    with ExitStack() as stack:
        if given.demo:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bloodtwin-demo-"))
            settings = settings.model_copy(update={"store": folder})
        _serve(settings, given, stack)


def _serve(settings: ServiceSettings, given: argparse.Namespace, stack: ExitStack) -> None:
    # FastAPI takes half a second to import, and a wrong option should be told before.
    from bloodtwin_core.service.clock import FastClock
    from bloodtwin_core.service.running import Service
    from bloodtwin_core.service.web.server import serve

    if given.demo:
        from bloodtwin_core.service.demo.recording import recorded
        from bloodtwin_core.service.demo.replay import NAME, Replay

        clock = FastClock(given.speed)
        service = Service(settings, clock, is_demonstration=True)
        replay = Replay(recorded(), service.desk, service.store.wearers.put(NAME, "UTC"), clock)
        replay.start()
        stack.callback(replay.close)
    else:
        service = Service(settings)
        if given.wearer:
            service.store.wearers.put(pump_id_of(given.wearer), zone_named(given.zone).key if given.zone else "")
        service.require_tokens()
    stack.callback(service.close)
    sys.stdout.write(f"The page: http://{settings.address}:{settings.port}/ (Ctrl+C ends it)\n")
    sys.stdout.flush()
    serve(service)


def _settings(given: argparse.Namespace) -> ServiceSettings:
    """The settings of the service: options over --set over the file."""
    config = read_run_config(given.config) if given.config else RunConfig({})
    config = with_assignments(config, [_of_group(assignment) for assignment in given.set])
    named = {
        "store": given.store,
        "model_path": given.model,
        "address": given.address,
        "port": given.port,
        "certificate": given.certfile,
        "certificate_key": given.keyfile,
    }
    said: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    return with_settings(config, {"service": said}).settings().service


def _of_group(assignment: str) -> str:
    return assignment if assignment.startswith("service.") else f"service.{assignment}"
