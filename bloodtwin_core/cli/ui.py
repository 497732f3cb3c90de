"""The Dagster UI of the graph on this machine, with the reports one click away; Ctrl-C ends it.

Its buttons take the settings of --config, else of the file that BLOODTWIN_CONFIG names. On a terminal with a screen the
browser opens by itself.

  bloodtwin ui --config my.yaml
  bloodtwin ui --port 3001 --no-browser
"""

import argparse
import os
import sys
import time
import urllib.request
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import TextIO
from urllib.parse import urlencode

from bloodtwin_core.cli.child import started
from bloodtwin_core.cli.dagster_home import HOME_VARIABLE, dagster_home
from bloodtwin_core.cli.free_port import require_free
from bloodtwin_core.cli.report_server import REPORTS_VARIABLE, report_server
from bloodtwin_core.cli.run_settings import CONFIG_VARIABLE
from bloodtwin_core.common.errors import BloodTwinError, SettingsError
from bloodtwin_core.common.extras import require_installed
from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.pipeline.run_config import RunConfig, read_run_config

_HOST, _PORT = "127.0.0.1", 3000
_WEBSERVER = "dagster_webserver"
GROUPS = ("ingestion", "data", "training", "evaluation", "exports", "publishing", "live", "control")
"""Of the graph: the page that is opened shows them unfolded, every stage with how it stands."""
_WORKSPACE = Path("workspace.yaml")
_ANSWERS_WITHIN = 120.0
"""Seconds after which nobody waits for the UI any more to show it."""


class UiFailed(BloodTwinError):
    """The UI ended by itself."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin ui` takes."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings of its buttons, as YAML or JSON")
    parser.add_argument("--port", type=int, default=_PORT, metavar="PORT", help=f"port of this machine ({_PORT})")
    parser.add_argument("--no-browser", action="store_true", help="do not open the browser")


def run(given: argparse.Namespace) -> None:
    """Show the UI until it is interrupted. Raises SettingsError, StorageError, OSError or UiFailed."""
    require_installed(_WEBSERVER)
    require_free(given.port)
    config = given.config.absolute() if given.config else None
    named = str(config or os.environ.get(CONFIG_VARIABLE) or "")
    environment = {**os.environ, CONFIG_VARIABLE: named, HOME_VARIABLE: str(dagster_home())}
    address = f"http://{_HOST}:{given.port}/asset-groups"
    with report_server(_artifacts(named)) as reports:
        sys.stdout.write(f"The graph, its pages and its runs: {address}\nThe reports: {reports}\n")
        sys.stdout.write(f"Settings: {named or 'the defaults'}. Ctrl-C ends it.\n")
        sys.stdout.flush()
        if not given.no_browser and may_open_browser(sys.stdout, os.environ):
            Thread(target=_show, args=(f"{address}?{_unfolded()}",), daemon=True).start()
        with started(_command(given.port), {**environment, REPORTS_VARIABLE: reports}, heard=False) as child:
            pass
    if child.returncode != 0:
        raise UiFailed(f"The UI ended with exit code {child.returncode}; what it said stands above")


def may_open_browser(stdout: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether somebody sits before this terminal and sees what is opened: no tests, no CI, no shell far away."""
    if not stdout.isatty() or environment.get("CI") or environment.get("SSH_CONNECTION"):
        return False
    return sys.platform != "linux" or bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def _command(port: int) -> list[str]:
    workspace = ["-w", str(_WORKSPACE)] if _WORKSPACE.exists() else ["-m", "bloodtwin_assets"]
    return [sys.executable, "-m", "dagster", "dev", *workspace, "-h", _HOST, "-p", str(port)]


def _unfolded() -> str:
    """The part of an address by which Dagster's graph shows what is in its groups."""
    return urlencode({"expanded": ",".join(f"global@global:{group}" for group in GROUPS)})


def _artifacts(config: str) -> Path:
    """The folder of the reports; of a file that cannot be read the UI says what is wrong."""
    try:
        root = (read_run_config(Path(config)) if config else RunConfig({})).root
    except SettingsError:
        root = RunConfig({}).root
    return given_path(root).absolute()


def _show(address: str) -> None:
    """Open the browser once the UI answers."""
    until = time.monotonic() + _ANSWERS_WITHIN
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=5.0):
                webbrowser.open(address)
                return
        except OSError:
            time.sleep(0.5)
