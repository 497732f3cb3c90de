"""Killed at any moment while versions are written, switched and removed: what is in use stays whole."""

import multiprocessing
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from bloodtwin_core.publishing.store import PublishedStore
from bloodtwin_core.serving.published import model_in
from tests.core.publishing.made import NOW, publish

KILLS = 25


def publish_for_ever(folder: Path, made: Path, begun: str) -> None:
    store = PublishedStore(folder)
    for number in range(100_000):
        publish(store, made, f"{begun} {number}")
        store.prune(3)
        if number % 3 == 2:
            store.roll_back(NOW)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows neither forks nor kills so")
def test_what_is_in_use_stays_whole(tmp_path: Path) -> None:
    chance = random.Random(0)
    folder, made = tmp_path / "published", tmp_path / "made"
    publish(PublishedStore(folder), made, "first")
    for kill in range(KILLS):
        writer = multiprocessing.get_context("fork").Process(
            target=publish_for_ever, args=(folder, made, f"run {kill}")
        )
        writer.start()
        time.sleep(chance.uniform(0.0, 0.15))
        assert writer.pid
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        store = PublishedStore(folder)
        champion = store.champion()  # Every file of it is held against its sha256.
        assert champion is not None
        assert model_in(folder, "model.onnx").parent.name == champion.version
    publish(store, made, "last")
    store.prune(3)
    left = {path.name for path in folder.rglob("*") if path.name.startswith(".") and path.name != ".lock"}
    assert left == set()
    assert len(store.versions()) <= 3
