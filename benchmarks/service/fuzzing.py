"""schemathesis against the service's own description: whatever is asked, no 5xx and no hang.

schemathesis is no dependency of the project; install it anywhere and name its command.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from benchmarks.common.rows import Row, below, noted
from benchmarks.service.server import serving
from benchmarks.service.wearers import Wearers, fill

LONGEST_ANSWER_SECONDS = 10.0
_STREAM = "/stream$"
"""It never ends, and is tried by tests of its own."""


def fuzzing(command: str, minutes: float) -> list[Row]:
    """So many minutes of made-up requests; failures other than of the two kinds are printed, not counted."""
    with tempfile.TemporaryDirectory(prefix="bloodtwin-fuzz-") as folder:
        fill(Path(folder) / "store", 2, int(time.time()), 26.0)
        settings = ("--set", "most_requests_a_minute=1000000")
        with serving("--store", str(Path(folder) / "store"), *settings) as service:
            done = subprocess.run(
                [
                    *(command, "run", f"{service.url}/openapi.json", "--max-time", str(round(minutes * 60))),
                    *("--request-timeout", str(LONGEST_ANSWER_SECONDS), "--exclude-path-regex", _STREAM),
                    *("--checks", "not_a_server_error", "--continue-on-failure", "--max-examples", "1000000"),
                ],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            still = service.process.poll() is None and _answers(service.url)
    sys.stdout.write(done.stdout[-4000:] + done.stderr[-2000:])
    errors = len(re.findall(r"Server error", done.stdout))
    hangs = len(re.findall(r"timed out|Timeout", done.stdout))
    cases = re.findall(r"([\d,]+) generated", done.stdout)
    return [
        below(f"answers of 5xx in {minutes:g} min of schemathesis", float(errors), "", 1.0),
        below("requests without an answer in time", float(hangs), "", 1.0),
        below("the service ended", 0.0 if still else 1.0, "", 1.0),
        noted("cases", float(cases[0].replace(",", "")) if cases else float("nan"), ""),
    ]


def _answers(url: str) -> bool:
    name = Wearers().name(0)
    return requests.get(f"{url}/v1/wearers/{name}/forecast", timeout=10).status_code == 200
