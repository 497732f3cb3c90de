"""Two processes of a training, started by Dagster Pipes and torchrun: heard, and ended when one is killed."""

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import dagster as dg
import pytest

from bloodtwin_assets.definitions import build_defs
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.training import CheckpointFolder
from tests.assets.tiny_graph import Graph, failure_of


def processes_of(order: Path) -> dict[str, int]:
    """The processes of a training by their rank, as the system knows them."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (place / "cmdline").read_bytes().split(b"\0")
            environment = (place / "environ").read_bytes().split(b"\0")
            ranks = [word[5:].decode() for word in environment if word.startswith(b"RANK=")]
            if str(order).encode() in words and ranks:
                found[ranks[0]] = int(place.name)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is read")
def test_a_killed_process_ends_the_others_and_leaves_a_checkpoint(copied: Graph) -> None:
    checkpoints = CheckpointFolder(copied.store.checkpoints)
    order = checkpoints.in_progress.absolute() / "order.json"
    before = checkpoints.best.read_bytes()

    last = checkpoints.in_progress / "last.ckpt"
    in_time = []

    def kill_one() -> None:
        """Once an epoch is finished; where that takes too long, all of them, so that the test ends and says so."""
        until = time.monotonic() + 60
        while time.monotonic() < until and not last.exists():
            time.sleep(0.05)
        running = processes_of(order)
        if last.exists() and "1" in running:
            in_time.append(running["1"])
        for pid in in_time or running.values():
            os.kill(pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    training = {"processes": 2, "max_epochs": 300, "early_stopping_patience": 300}
    part = dg.Definitions(jobs=[dg.define_asset_job("part", selection="trained_checkpoint")])
    job = dg.Definitions.merge(build_defs(), part).resolve_job_def("part")
    with dg.DagsterInstance.ephemeral() as instance:
        config = copied.run_config(training=training)
        result = job.execute_in_process(run_config=config, instance=instance, raise_on_error=False)
        assert instance.fetch_observations(dg.AssetKey("trained_checkpoint"), limit=1).records, "of epochs, at once"
    killer.join()
    assert in_time, "no epoch was finished within a minute"
    assert not result.success
    assert "a process of the training failed or was killed" in failure_of(result, "trained_checkpoint")
    assert processes_of(order) == {}
    load_checkpoint(last)
    assert checkpoints.best.read_bytes() == before
