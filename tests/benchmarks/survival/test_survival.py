"""A few real kills of whole runs, pairs of them and mutated files; `python -m benchmarks.survival` does all of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bloodtwin_core.config import DataSettings
from bloodtwin_core.records.splitting import write_split_files
from tests.core.tiny import tiny_records

REPOSITORY = Path(__file__).parents[3]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="runs are forked, so that nothing is imported anew")


def test_nothing_is_lost_broken_or_mixed_by_kills_and_by_runs_at_once(tmp_path: Path) -> None:
    histories = [tiny_records(pump, count=900, seed=seed) for seed, pump in enumerate(("one", "two"))]
    write_split_files(histories, DataSettings(), tmp_path / "bank")
    command = [sys.executable, "-m", "benchmarks.survival", "--few", "--data", str(tmp_path / "bank")]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    command += ["files", "kills", "pairs"]
    done = subprocess.run(command, cwd=REPOSITORY, env=alone, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "pairs at once: 1 tried, 0 broke" in done.stdout
    assert "mutated split files: 19 tried" in done.stdout
