"""Log files of runs are forgotten with the runs."""

import os
import time
from pathlib import Path

from bloodtwin_core.cli.dagster_home import LOGS, forget_old_logs


def test_old_logs_go_and_others_stay(tmp_path: Path) -> None:
    (tmp_path / LOGS).mkdir()
    old, new, other = (tmp_path / LOGS / name for name in ("old.log", "new.log", "old.txt"))
    for path, days in ((old, 11), (new, 9), (other, 11)):
        path.write_text("said")
        os.utime(path, (time.time() - days * 86_400,) * 2)
    forget_old_logs(tmp_path, days=10)
    assert not old.exists()
    assert new.exists()
    assert other.exists()
