"""Damaged checkpoints of a broken training: a word each, and the next training ends as an unbroken one."""

import logging
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import torch

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.training import CheckpointFolder

Damage = Callable[[bytearray, random.Random], bytes]


def _cut(content: bytearray, chance: random.Random) -> bytes:
    return bytes(content[: chance.randrange(len(content))])


def _bytes(content: bytearray, chance: random.Random) -> bytes:
    for _ in range(chance.randrange(20, 200)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return bytes(content)


def _zeros(content: bytearray, chance: random.Random) -> bytes:
    begin = chance.randrange(len(content) // 2)
    stop = begin + len(content) // 3
    content[begin:stop] = bytes(stop - begin)
    return bytes(content)


def _noise(content: bytearray, chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(len(content)))


def _doubled(content: bytearray, chance: random.Random) -> bytes:
    place = chance.randrange(len(content))
    return bytes(content[:place] + content[place // 2 :])


DAMAGES: tuple[Damage, ...] = (_cut, _bytes, _zeros, _noise, _doubled)


def damaged_checkpoints(whole: Path, scratch: Path, count: int) -> list[str]:
    """What of so many damaged copies was taken for whole though its numbers are others, or raised no word of ours."""
    chance, faults = random.Random(0), []
    expected = load_checkpoint(whole).forecaster.state_dict()
    path = scratch / "damaged.ckpt"
    for number in range(count):
        path.write_bytes(DAMAGES[number % len(DAMAGES)](bytearray(whole.read_bytes()), chance))
        try:
            found = load_checkpoint(path).forecaster.state_dict()
        except ArtifactMissing:
            continue
        except Exception as error:  # noqa: BLE001 - the point is which one it is.
            faults.append(f"{number}: {type(error).__name__}: {error}")
            continue
        if any(not torch.equal(found[name].nan_to_num(), expected[name].nan_to_num()) for name in expected):
            faults.append(f"{number}: taken for whole")
    return faults


def set_aside(in_progress: Path, scratch: Path, count: int) -> list[str]:
    """What of so many broken trainings with a damaged last or best checkpoint was begun in any other way than told.

    in_progress is what a broken training left. The whole of training afterwards is in tests/core/training.
    """
    chance, faults = random.Random(1), []
    log = _Words()
    logger = logging.getLogger("bloodtwin_core")
    logger.setLevel(logging.WARNING)
    logger.addHandler(log)
    logger.propagate = False
    run = (in_progress / "run.txt").read_text()
    for number in range(count):
        folder = CheckpointFolder(scratch / "broken")
        shutil.rmtree(folder.folder, ignore_errors=True)
        shutil.copytree(in_progress, folder.in_progress)
        name = ("last.ckpt", "best.ckpt")[number % 2]
        path = folder.in_progress / name
        path.write_bytes(DAMAGES[number % len(DAMAGES)](bytearray(path.read_bytes()), chance))
        log.said.clear()
        begun = folder.begin(run, resume=True)
        expected = "best.ckpt" if name == "last.ckpt" else None
        if (begun.name if begun else None) != expected or not log.said:
            faults.append(f"{number}: {name} damaged, went on from {begun}: {log.said}")
    logger.removeHandler(log)
    logger.propagate = True
    return faults


class _Words(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())
