"""`bloodtwin ui`: what it starts and says, when it opens a browser, and that it leaves nothing running."""

import argparse
import io
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from bloodtwin_assets.definitions import build_defs
from bloodtwin_core.cli import ui
from bloodtwin_core.cli.free_port import require_free
from bloodtwin_core.common.errors import SettingsError

SCREEN = {"DISPLAY": ":0"}
# Stands in for `dagster dev`, which takes half a minute: it says what it was given and waits to be interrupted.
INSTEAD = """
import os, sys, time
import bloodtwin_core.cli.ui as ui
ui._command = lambda port: [sys.executable, "-c", "import os, time; "
    "print('given', os.environ['BLOODTWIN_REPORTS'], os.environ['BLOODTWIN_CONFIG'], flush=True); time.sleep(60)"]
from bloodtwin_core.cli.main import run
sys.argv[1:] = ["ui", "--port", sys.argv[1], "--config", "my.yaml"]
run()
"""


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stdout", "environment", "opens"),
    [
        (_Terminal(), SCREEN, True),
        (_Terminal(), {"WAYLAND_DISPLAY": "wayland-0"}, True),
        (_Terminal(), {}, sys.platform != "linux"),
        (_Terminal(), {**SCREEN, "CI": "true"}, False),
        (_Terminal(), {**SCREEN, "SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}, False),
        (io.StringIO(), SCREEN, False),
    ],
)
def test_a_browser_opens_only_where_somebody_sees_it(
    stdout: io.StringIO, environment: dict[str, str], opens: bool
) -> None:
    assert ui.may_open_browser(stdout, environment) == opens


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_port_in_use_is_said_with_the_next_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"Port {taken} is in use.*make ui PORT=\d+, or bloodtwin ui --port"):
            require_free(taken)
    with pytest.raises(SettingsError, match="give 1 to 65535"):
        require_free(0)


def deaf_to_interrupts() -> None:
    """As a shell leaves its background jobs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize(
    ("blow", "code", "begun"),
    [(signal.SIGINT, 130, None), (signal.SIGTERM, 143, None), (signal.SIGTERM, 143, deaf_to_interrupts)],
)
def test_reports_are_served_while_the_ui_runs_and_nothing_is_left_after(
    blow: signal.Signals, code: int, begun: Callable[[], None] | None, tmp_path: Path
) -> None:
    (tmp_path / "my.yaml").write_text("artifacts: {root: out}\n")
    (tmp_path / "out" / "anna").mkdir(parents=True)
    (tmp_path / "out" / "anna" / "report.html").write_text("how far to trust anna")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "DAGSTER_HOME": str(tmp_path / "home")}
    process = subprocess.Popen(
        [sys.executable, "-c", INSTEAD, str(free_port())],
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=begun,
    )  # fmt: skip
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(4)]
    assert said[0].startswith("The graph, its pages and its runs: http://127.0.0.1:")
    reports, config = said[3].split()[1:]
    assert said[1] == f"The reports: {reports}\n"
    assert config == str(tmp_path / "my.yaml")
    with urllib.request.urlopen(f"{reports}/anna/report.html", timeout=10) as answer:
        assert answer.read() == b"how far to trust anna"
    process.send_signal(blow)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == code, rest
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(reports, timeout=10)


def test_telemetry_is_off_in_the_home_that_it_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    home = ui.dagster_home()
    assert "telemetry:\n  enabled: false" in (home / "dagster.yaml").read_text()


def test_the_page_that_opens_unfolds_every_group_of_the_graph() -> None:
    groups = {spec.group_name for spec in build_defs().resolve_all_asset_specs()}
    assert set(ui.GROUPS) == groups


def test_without_the_extra_the_command_that_brings_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bloodtwin_core.common.extras.find_spec", lambda _name: None)
    with pytest.raises(ModuleNotFoundError, match="dagster_webserver"):
        ui.run(argparse.Namespace(config=None, port=3000, no_browser=True))


def test_the_browser_is_shown_the_ui_once_it_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    from bloodtwin_core.cli.report_server import report_server

    with report_server(tmp_path) as address:
        ui._show(address)
        assert opened == [address]
    monkeypatch.setattr(ui, "_ANSWERS_WITHIN", 0.1)
    begun = time.monotonic()
    ui._show(address)
    assert time.monotonic() - begun < 5
    assert opened == [address]
