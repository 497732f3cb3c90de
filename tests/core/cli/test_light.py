"""What `pip install bloodtwin` alone can do: help, and forecasts of split files and of raw events."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bloodtwin_core.common.extras import EXTRAS
from bloodtwin_core.records import Split
from bloodtwin_core.records.split_files import write_split_file
from tests.core.tiny import tiny_records

pytestmark = pytest.mark.end_to_end
REPOSITORY = Path(__file__).parents[3]
LIGHT = f"""
import sys
lacking = {sorted(name for names in EXTRAS.values() for name in names)!r}
class Lacking:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in lacking:
            raise ModuleNotFoundError(f"No module named '{{name}}'", name=name)
sys.meta_path.insert(0, Lacking())
from bloodtwin_core.cli.main import run
run()
"""
READINGS = "timestamp,bg,event_type\n"
LAST_READING = ("--zone", "Europe/Berlin", "--at", "last")


def light(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LIGHT, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_split_files_are_forecast(tmp_path: Path) -> None:
    write_split_file(tmp_path, tiny_records("7", count=400, missing=0.0), Split.test)
    done = light(tmp_path, "forecast", str(tmp_path), *LAST_READING)
    assert (done.returncode, done.stderr) == (0, "")
    assert "in 60 min" in done.stdout


def test_raw_events_are_forecast(tmp_path: Path) -> None:
    times = [
        f"2025-05-{1 + hour // 24:02}T{hour % 24:02}:{minute:02}:00Z"
        for hour in range(30)
        for minute in range(0, 60, 5)
    ]
    (tmp_path / "pump_7").mkdir()
    rows = [f"{time},{140 + number % 7},EGV\n" for number, time in enumerate(times)]
    (tmp_path / "pump_7" / "cgmreading_1.csv").write_text(READINGS + "".join(rows))
    done = light(tmp_path, "forecast", str(tmp_path), *LAST_READING)
    assert (done.returncode, done.stderr) == (0, "")
    assert "in 60 min" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["forecast", "export.csv"], "import"),
        (["forecast", "https://127.0.0.1:9"], "import"),
        (["run"], "graph"),
        (["train", "--config", "export.csv"], "graph"),
        (["evaluate", "."], "graph"),
        (["compare", ".", "."], "graph"),
        (["release", "."], "graph"),
    ],
)
def test_what_is_lacking_for_the_rest_is_the_last_line(arguments: list[str], extra: str, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text("a,b,c\n1,2,3\n")
    done = light(tmp_path, *arguments)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(f"Install it with: pip install 'bloodtwin[{extra}]'")
