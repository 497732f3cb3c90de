"""The UI of `bloodtwin ui` as a process, asked as its page asks: GraphQL launches runs and terminates them."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

REPOSITORY = Path(__file__).parents[2]
WAIT_SECONDS = 180.0
_LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_TERMINATE = "mutation($run: String!) { terminateRun(runId: $run) { __typename } }"
_STATUS = "query($run: ID!) { runOrError(runId: $run) { ... on Run { status } } }"
_EVENTS = """query($run: ID!) { logsForRun(runId: $run) { ... on EventConnection {
  events { __typename ... on MessageEvent { message } } } } }"""
_PROCESS = re.compile(r"Started process for run \(pid: (\d+)\)")
ENDED = ("SUCCESS", "FAILURE", "CANCELED")


@dataclass(frozen=True)
class Event:
    """One event of a run: its type in GraphQL, and what it says."""

    kind: str
    message: str


@dataclass(frozen=True)
class Ui:
    """A UI that answers at an address."""

    address: str

    def launch(self, asset: str, run_config: Mapping[str, Any]) -> str:
        """Begin a run of one asset, without its checks, and return the run's id."""
        selector = {
            "repositoryName": "__repository__",
            "repositoryLocationName": "bloodtwin_assets",
            "jobName": "__ASSET_JOB",
            "assetSelection": [{"path": [asset]}],
            "assetCheckSelection": [],
        }
        answer = self._ask(_LAUNCH, params={"selector": selector, "runConfigData": dict(run_config)})["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise RuntimeError(f"{asset} was not launched: {answer}")
        return str(answer["run"]["runId"])

    def terminate(self, run: str) -> None:
        """What the button does."""
        self._ask(_TERMINATE, run=run)

    def status(self, run: str) -> str:
        """How a run stands, such as STARTED."""
        return str(self._ask(_STATUS, run=run)["runOrError"]["status"])

    def events(self, run: str) -> list[Event]:
        """Everything that happened in a run so far."""
        events = self._ask(_EVENTS, run=run)["logsForRun"]["events"]
        return [Event(each["__typename"], each.get("message") or "") for each in events]

    def process_of(self, run: str) -> int | None:
        """The number of the process that the run works in, once it has begun."""
        found = (_PROCESS.search(event.message) for event in self.events(run))
        return next((int(match[1]) for match in found if match), None)

    def _ask(self, query: str, **variables: Any) -> dict[str, Any]:
        asked = {"query": query, "variables": variables}
        answer = requests.post(f"{self.address}/graphql", json=asked, timeout=60).json()
        if "errors" in answer:
            raise RuntimeError(f"the UI answered {answer['errors']}")
        found: dict[str, Any] = answer["data"]
        return found


@contextmanager
def running_ui(folder: Path, config: Path) -> Iterator[Ui]:
    """`bloodtwin ui` in a folder that keeps Dagster's home, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Dagster takes the first place to import from for that of a script, and leaves it out.
    places = os.pathsep.join([str(folder), str(REPOSITORY)])
    without = {name: value for name, value in os.environ.items() if not name.startswith("BLOODTWIN_")}
    with (folder / "ui.log").open("w") as said:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                *["bloodtwin_core.cli", "ui", "--no-browser", "--config"],
                str(config),
                "--port",
                str(port),
            ],
            cwd=folder,
            env={**without, "PYTHONPATH": places, "DAGSTER_HOME": str(folder / "home")},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    ui = Ui(f"http://127.0.0.1:{port}")
    try:
        _wait_for(ui, process)
        yield ui
    finally:
        process.send_signal(signal.SIGTERM)  # A shell starts its background jobs deaf to SIGINT.
        process.wait()


def _wait_for(ui: Ui, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if requests.get(f"{ui.address}/server_info", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.5)
    raise TimeoutError("the UI did not answer; ui.log in its folder tells why")
