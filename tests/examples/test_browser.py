"""The page that forecasts in the browser gives what `bloodtwin forecast` gives of the same file, and sends nothing."""

import functools
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bloodtwin_core.cli.main import main
from bloodtwin_core.pretrained.files import is_shipped
from bloodtwin_core.records import RECORD_INTERVAL, Split, records_from_signals
from bloodtwin_core.records.split_files import write_split_file
from tests.browsing import browser
from tests.core.sources.device_exports.vendor_files import clarity, egv

pytestmark = pytest.mark.skipif(not is_shipped(), reason="this checkout has no base model")
EXAMPLE = Path(__file__).parents[2] / "examples" / "browser"
ENDED = datetime(2026, 1, 31, 12, 2, 30)
SAME = 0.02
"""mg/dL; the command prints two decimals."""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    if not (EXAMPLE / "node_modules" / "onnxruntime-web").is_dir():
        pytest.skip("onnxruntime-web is not installed: npm install --prefix examples/browser --ignore-scripts")
    folder = tmp_path_factory.mktemp("site")
    subprocess.run([node, EXAMPLE / "build.js", folder], check=True, capture_output=True, timeout=60)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def page(site: str) -> Iterator[Any]:
    """The page once it is ready, and from then on without a network. page.asked: what it asked for since."""
    with browser() as chromium:
        context = chromium.new_context(timezone_id="Europe/Berlin")
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda fault: page.faults.append(str(fault)))
        page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
        page.goto(site)
        page.wait_for_selector("#file:enabled", timeout=60_000)
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        context.set_offline(True)
        yield page


def in_the_browser(page: Any, path: Path) -> np.ndarray:
    """mg/dL [step, (forecast, low, high)], full precision."""
    page.set_input_files("#file", path)
    page.wait_for_function("name => document.getElementById('name').textContent === name", arg=path.name)
    page.wait_for_selector("#result[aria-busy=false]")
    found = page.eval_on_selector_all("#table data", "cells => cells.map(cell => Number(cell.value))")
    return np.array(found).reshape(-1, 3)


def by_the_command(capsys: pytest.CaptureFixture[str], path: Path, *more: str) -> np.ndarray:
    assert main(["forecast", str(path), "--at", "last", "--json", *more]) == 0
    steps = json.loads(capsys.readouterr().out)["forecast"]
    return np.array([[step["glucose"], *step["bands"]["0.80"]] for step in steps])


def clarity_rows(unit: str) -> list[str]:
    """A day and a half with gaps, readings beyond the sensor's range, a clock that drifts, and insulin written down."""
    rows = []
    for place in range(430):
        at = ENDED - timedelta(seconds=301 * (429 - place))
        value: object = round(150 + 70 * np.sin(place / 15))
        if place in (250, 251) or 310 <= place < 318:
            continue
        if place in (200, 400):
            value = "Low" if place == 200 else "High"
        elif unit == "mmol/L":
            value = f"{float(str(value)) / 18.0156:.1f}"
        rows.append(egv(f"{at:%Y-%m-%dT%H:%M:%S}", value))
        if place % 90 == 0:
            rows.append(f"1,{at:%Y-%m-%dT%H:%M:%S},Insulin,Fast-Acting,,,android G6,,4.5,,,,,")
            rows.append(f"2,{at:%Y-%m-%dT%H:%M:%S},Insulin,Long-Acting,,,android G6,,18,,,,,")
    return rows


@pytest.mark.parametrize("unit", ["mg/dL", "mmol/L"])
def test_a_clarity_file_is_forecast_as_by_the_command(
    page: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], unit: str
) -> None:
    path = tmp_path / f"clarity-{unit[:2]}.csv"
    path.write_text(clarity(clarity_rows(unit), unit=unit))
    expected = by_the_command(capsys, path, "--zone", "Europe/Berlin")
    np.testing.assert_allclose(in_the_browser(page, path), expected, atol=SAME)


def test_a_split_file_is_forecast_as_by_the_command(
    page: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(3)
    count = 700
    glucose = 150 + 60 * np.sin(np.arange(count) / 20) + random.normal(0, 3, count)
    glucose[random.random(count) < 0.04] = np.nan
    glucose[500] = 700.0
    basal, bolus = random.uniform(0.2, 1.4, count), np.where(random.random(count) < 0.02, 4.0, 0.0)
    basal[300:450], bolus[600:640] = np.nan, np.nan
    times = np.datetime64("2026-03-29T12:00:00", "s") - RECORD_INTERVAL * np.arange(count)[::-1]
    records = replace(records_from_signals("x1", times, glucose, basal, bolus), wearer_zone="Europe/Berlin")
    path = write_split_file(tmp_path, records, Split.test)
    np.testing.assert_allclose(in_the_browser(page, path), by_the_command(capsys, path), atol=SAME)


def test_any_moment_of_the_file_is_a_start_and_what_came_is_shown_beside(page: Any) -> None:
    page.click("#example")
    page.evaluate("document.getElementById('origin').value -= 12")
    page.click("#earlier")
    page.wait_for_function("document.querySelectorAll('#table td:last-child')[11].textContent !== ''")
    came = page.locator("#table td:last-child").all_text_contents()
    assert all(text.isdigit() for text in came)


def test_what_is_no_known_file_is_said_to_be_so(page: Any, tmp_path: Path) -> None:
    path = tmp_path / "letter.csv"
    path.write_text("Dear reader,\nthis,is,no,export\n")
    page.set_input_files("#file", path)
    page.wait_for_selector("#fault:not(:empty)")
    assert "neither of Clarity nor a split file" in page.text_content("#fault")


def test_axe_finds_nothing_and_nothing_was_asked_of_anybody(page: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page.click("#example")
    page.wait_for_selector("#table table")
    source = (Path(axe.__file__).parent / "axe.min.js").read_text()
    page.evaluate(source)
    found = page.evaluate("axe.run()")
    assert [rule["id"] for rule in found["violations"]] == []
    assert page.asked == []
    assert page.faults == []
