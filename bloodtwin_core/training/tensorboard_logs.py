"""The logs of trainings that TensorBoard shows: a folder each, of which the newest are kept."""

import re
import shutil
from pathlib import Path

KEPT_LOGS = 20
"""Trainings of one model whose logs stay, the one that begins included; a weekly one is kept for a third of a year."""
_VERSION = re.compile(r"version_(\d+)")


def forget_old_logs(tensorboard: Path) -> None:
    """Make room for the logs of one more training: the oldest folders beyond KEPT_LOGS - 1 go. Raises OSError."""
    versions = []
    if tensorboard.is_dir():
        versions = [(int(found[1]), path) for path in tensorboard.iterdir() if (found := _VERSION.fullmatch(path.name))]
    for _, path in sorted(versions)[: -(KEPT_LOGS - 1)]:
        shutil.rmtree(path)
