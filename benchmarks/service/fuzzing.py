"""schemathesis against the service's own description, and the Nightscout routes: no 5xx and no hang, whatever is asked.

schemathesis is no dependency of the project; install it anywhere and name its command.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from benchmarks.common.rows import Row, below, noted
from benchmarks.service.nightscout_calls import calls
from benchmarks.service.server import serving
from benchmarks.service.wearers import Wearers, fill

LONGEST_ANSWER_SECONDS = 10.0
_APART = "/stream$|/session$"
"""A stream never ends, and wrong tokens are made to wait for seconds; both are tried by tests of their own."""
_OF_NIGHTSCOUT = "nightscout.json"


def fuzzing(command: str, minutes: float) -> list[Row]:
    """So many minutes of made-up requests for each of the two; other failures are printed, not counted."""
    own = _fuzzed(command, minutes, "its own description", "openapi.json")
    return [*own, *_fuzzed(command, minutes, "the Nightscout routes", _OF_NIGHTSCOUT)]


def _fuzzed(command: str, minutes: float, what: str, described: str) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="bloodtwin-fuzz-") as name:
        folder, now = Path(name), int(time.time())
        fill(folder / "store", 1, now, 26.0)
        # Without this wearer's name every body would end at a wearer that is not there.
        (folder / "schemathesis.toml").write_text(f'[parameters]\n"path.name" = "{Wearers().name(0)}"\n')
        (folder / _OF_NIGHTSCOUT).write_text(json.dumps(calls(now)))
        with serving("--store", str(folder / "store"), "--set", "most_requests_a_minute=1000000") as service:
            where = (
                [_OF_NIGHTSCOUT, "--url", service.url]
                if described == _OF_NIGHTSCOUT
                else [f"{service.url}/{described}"]
            )
            done = subprocess.run(
                [
                    *(command, "run", *where, "--max-time", str(round(minutes * 60))),
                    *("--request-timeout", str(LONGEST_ANSWER_SECONDS), "--exclude-path-regex", _APART),
                    *("--checks", "not_a_server_error", "--continue-on-failure", "--max-examples", "1000000"),
                ],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            still = service.process.poll() is None and _answers(service.url)
    sys.stdout.write(done.stdout[-6000:] + done.stderr[-2000:])
    yield from _rows(done.stdout, f"{minutes:g} min of {what}")
    yield below(f"{what}: the service ended", 0.0 if still else 1.0, "", 1.0)


def _rows(told: str, what: str) -> Iterator[Row]:
    cases = re.findall(r"([\d,]+) generated", told)
    yield below(f"{what}: answers of 5xx", float(len(re.findall(r"Server error", told))), "", 1.0)
    yield below(f"{what}: no answer in time", float(len(re.findall(r"timed out|Timeout", told))), "", 1.0)
    yield noted(f"{what}: cases", float(cases[0].replace(",", "")) if cases else float("nan"), "")


def _answers(url: str) -> bool:
    name = Wearers().name(0)
    return requests.get(f"{url}/v1/wearers/{name}/forecast", timeout=10).status_code == 200
