"""`python -m benchmarks.pipeline.many_people [PUMPS]`: a personal copy of the base model for each of many wearers.

By the command `bloodtwin personalise`, as users start it, on as many cores as there are; 60 days of each wearer.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from benchmarks.common.group_memory import peak_of_group
from benchmarks.common.rows import Row, below, noted, table
from bloodtwin_core.training.compute import usable_cores

PUMPS, DAYS = 200, 60
MOST_MINUTES, MOST_MIB_A_PROCESS = 30, 1024
"""To reach with PUMPS pumps on CORES cores; as many processes as cores, and the one that starts them."""
CORES = 2


def many_people(pumps: int, folder: Path) -> list[Row]:
    """All of them once, and once more, when all stand already."""
    names = [f"sim{wearer:03d}" for wearer in range(1, pumps + 1)]
    settings = {
        "data": {"simulator": {"pumps": pumps, "days": DAYS}},
        "people": {"pump_ids": names, "start_from": "pretrained"},
        "artifacts": {"root": str(folder)},
    }
    (folder / "people.yaml").write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "bloodtwin_core.cli", "personalise", "--config", str(folder / "people.yaml")]
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    with peak_of_group(child.pid) as peak:
        said, _ = child.communicate()
    seconds = time.perf_counter() - began
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command, said)
    accepted = int(re.findall(r"(\d+) go on with a copy", said)[0])
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    again = time.perf_counter() - began
    cores = usable_cores()
    most = MOST_MINUTES * pumps / PUMPS * CORES / cores
    people = next(folder.glob("*/people"))
    size = sum(path.stat().st_size for path in people.rglob("*") if path.is_file())
    return [
        below(f"{pumps} pumps, a personal copy each, {cores} cores", seconds / 60, "min", most),
        noted("time a pump and core", seconds * cores / pumps, "s"),
        below("peak memory of all processes together", peak.together, "MiB", MOST_MIB_A_PROCESS * (cores + 1)),
        noted("peak memory of the largest process", peak.largest, "MiB"),
        noted("files a pump", size / pumps / 1e6, "MB"),
        noted("copies accepted", 100 * accepted / pumps, "%"),
        noted("the same start again, a pump and core", again * cores / pumps, "s"),
    ]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline.many_people", description=__doc__)
    parser.add_argument("pumps", type=int, nargs="?", default=PUMPS, help=f"virtual wearers (default: {PUMPS})")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bloodtwin-people-") as folder:
        sys.stdout.write(f"{table(many_people(given.pumps, Path(folder)))}\n")


if __name__ == "__main__":
    main()
