"""The Dagster UI as `bloodtwin ui` opens it: its buttons take the settings and the folder of the command line."""

import signal
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import yaml

from bloodtwin_core.network.checkpoint import read_whole
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.run_config import read_run_config
from bloodtwin_core.pipeline.windows import windows_stage
from bloodtwin_core.publishing.store import PublishedStore
from bloodtwin_core.training import CheckpointFolder
from tests.browsing import browser
from tests.core.publishing.made import publish
from tests.end_to_end.conftest import Workplace

pytestmark = pytest.mark.end_to_end
pytest.importorskip("dagster_webserver", reason="dagster-webserver is not installed")

SETTINGS = """
data: {simulator: {pumps: 1, days: 8}}
model: {name: clicked, hidden_size: 16}
training: {max_epochs: 1000, early_stopping_patience: 1000}
artifacts: {root: out}
"""
WAIT_SECONDS = 120.0
CANCELLED_WITHIN = 10.0
SETTLED_MS = 3000
"""After which a list of the UI is drawn no more anew as it learns what its rows are about."""
RUNS = "{ runsOrError { ... on Runs { results { runId status tags { key value } } } } }"

SENSORS = """{ sensorsOrError(repositorySelector: {
  repositoryName: "__repository__", repositoryLocationName: "bloodtwin_assets"}) {
  ... on Sensors { results { name sensorState { status } } } } }"""


def until(done: Any, what: str) -> Any:
    """Ask every half second until there is an answer."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        if answer := done():
            return answer
        time.sleep(0.5)
    raise AssertionError(f"waited {WAIT_SECONDS:.0f} s in vain for {what}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def workplace(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Workplace:  # noqa: ARG001 - skips first
    """A folder in which the command line ran the first stage."""
    workplace = Workplace(tmp_path_factory.mktemp("workplace"))
    (workplace.folder / "my.yaml").write_text(SETTINGS)
    ran = workplace.run("-m", "bloodtwin_core.cli", "run", "--config", "my.yaml", "--select", "raw_pump_splits")
    assert ran.returncode == 0, ran.stdout
    return workplace


@pytest.fixture(scope="module")
def address(workplace: Workplace) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ui = workplace.start("-m", "bloodtwin_core.cli", "ui", "--config", "my.yaml", "--port", str(port), "--no-browser")
    address = f"http://127.0.0.1:{port}"
    until(lambda: answers(address), "the UI")
    yield address
    ui.send_signal(signal.SIGINT)
    ui.communicate(timeout=60)


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/server_info", timeout=5).ok
    except requests.ConnectionError:
        return False


def runs(address: str) -> list[dict[str, Any]]:
    answer = requests.post(f"{address}/graphql", json={"query": RUNS}, timeout=30).json()
    found: list[dict[str, Any]] = answer["data"]["runsOrError"]["results"]
    return found


@pytest.fixture(scope="module")
def page(chromium: Any, address: str) -> Iterator[Any]:
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(WAIT_SECONDS * 1000)
    page.goto(f"{address}/assets/fitted_scaler")
    page.get_by_role("button", name="Materialize").wait_for()
    yield page
    page.close()


def test_materialize_takes_the_settings_and_the_folder_of_the_command_line(
    page: Any, address: str, workplace: Workplace
) -> None:
    page.get_by_role("button", name="Materialize").click()
    until(lambda: len(ended := runs(address)) == 2 and ended[0]["status"] in ("SUCCESS", "FAILURE"), "the run")
    newest = runs(address)[0]
    assert newest["status"] == "SUCCESS"
    assert {"key": "bloodtwin/model", "value": "clicked"} in newest["tags"]
    assert (workplace.folder / "out" / "clicked" / "scaler.json").exists()
    assert not (workplace.folder / "artifacts").exists()


def test_the_launchpad_opens_filled_with_the_settings(page: Any) -> None:
    page.get_by_role("button", name="Materialize").click(modifiers=["Shift"])
    page.locator(".CodeMirror").first.wait_for()
    shown = page.evaluate("document.querySelector('.CodeMirror').CodeMirror.getValue()")
    settings = yaml.safe_load(shown)["resources"]
    assert settings["artifacts"]["config"]["root"] == "out"
    assert settings["settings"]["config"]["model"]["name"] == "clicked"
    assert settings["settings"]["config"]["data"]["simulator"]["days"] == 8


def test_checks_and_plots_are_seen(page: Any, address: str) -> None:
    page.goto(f"{address}/assets/raw_pump_splits?view=checks")
    page.get_by_text("stated_insulin").first.wait_for()
    page.goto(f"{address}/assets/raw_pump_splits")
    page.get_by_text("Show Markdown", exact=False).first.click()
    page.locator("img[src^='data:image/png']").first.wait_for()


def test_a_page_names_the_model_first(page: Any, address: str) -> None:
    page.goto(f"{address}/assets/fitted_scaler")
    page.get_by_role("cell", name="clicked", exact=True).first.wait_for()


def test_terminating_a_training_stops_it_soon_and_leaves_a_checkpoint(
    page: Any, address: str, workplace: Workplace
) -> None:
    store = ArtifactStore(workplace.folder / "out" / "clicked")
    windows_stage(store, read_run_config(workplace.folder / "my.yaml").settings())
    page.goto(f"{address}/assets/trained_checkpoint")
    page.get_by_role("button", name="Materialize").click()
    page.get_by_role("button", name="Confirm").click()  # Dagster knows nothing of the windows.
    last = CheckpointFolder(store.checkpoints).in_progress / "last.ckpt"
    until(last.exists, "the first epoch")
    page.goto(f"{address}/runs/{runs(address)[0]['runId']}")
    page.get_by_role("button", name="Terminate").click()
    clicked = time.monotonic()
    page.get_by_role("dialog").get_by_role("button", name="Terminate").click()
    until(lambda: runs(address)[0]["status"] == "CANCELED", "the run to stop")
    seconds = time.monotonic() - clicked
    assert seconds < CANCELLED_WITHIN, f"it took {seconds:.1f} s"
    assert read_whole(last)["epoch"] >= 0


def test_a_switch_turns_retraining_on_and_off(page: Any, address: str) -> None:
    page.goto(f"{address}/automation")
    page.get_by_text("weekly_retraining").wait_for()
    switch = "label[class*='formatSwitch']"
    named = page.get_by_text("weekly_retraining", exact=True)
    row = page.locator("div", has=named).filter(has=page.locator(switch)).last  # The innermost.
    for status in ("RUNNING", "STOPPED"):
        page.wait_for_timeout(SETTLED_MS)
        row.locator(switch).click()
        until(lambda status=status: sensor_status(address) == status, f"the sensor to be {status}")


def sensor_status(address: str) -> str:
    answer = requests.post(f"{address}/graphql", json={"query": SENSORS}, timeout=30).json()
    sensors = answer["data"]["sensorsOrError"]["results"]
    [status] = [each["sensorState"]["status"] for each in sensors if each["name"] == "weekly_retraining"]
    return str(status)


def test_launching_roll_back_goes_back_to_the_version_before(page: Any, address: str, workplace: Workplace) -> None:
    published = PublishedStore(workplace.folder / "out" / "clicked" / "published")
    first, _ = (publish(published, workplace.folder / "made", text) for text in ("one", "two"))
    page.goto(f"{address}/locations/bloodtwin_assets/jobs/roll_back/playground")
    page.get_by_role("button", name="Launch Run").click()
    until(lambda: (pointer := published.pointer) and pointer.version == first, "the version before")
