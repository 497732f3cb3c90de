"""A whole small run, from records to exports, as a process of its own that can be killed at any point."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.common.locks import Owner
from bloodtwin_core.config import Settings
from bloodtwin_core.pipeline.alarms import alarm_stage
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.evaluation import evaluation_stage
from bloodtwin_core.pipeline.exports import onnx_stage, streaming_stage, torchscript_stage
from bloodtwin_core.pipeline.personal import personal_stage
from bloodtwin_core.pipeline.records import records_stage
from bloodtwin_core.pipeline.reporting import report_stage
from bloodtwin_core.pipeline.scaler import scaler_stage
from bloodtwin_core.pipeline.training import train_stage
from bloodtwin_core.pipeline.windows import windows_stage
from bloodtwin_core.sources.settings import settings_model

Stage = Callable[[ArtifactStore, Settings], object]
STAGES: tuple[Stage, ...] = (
    records_stage,
    scaler_stage,
    windows_stage,
    train_stage,
    personal_stage,
    evaluation_stage,
    alarm_stage,
    report_stage,
    torchscript_stage,
    onnx_stage,
    streaming_stage,
)
WITHOUT_REPORT = tuple(stage for stage in STAGES if stage is not report_stage)
"""Its pictures take longer than all the rest."""
QUICK = tuple(stage for stage in WITHOUT_REPORT if stage not in (personal_stage, evaluation_stage, alarm_stage))
"""What every export needs."""
DONE, REFUSED, BROKEN = 0, 3, 4
"""Exit codes: done; refused in words; anything else that was raised."""
SMALL: dict[str, dict[str, Any]] = {
    "data": {"simulator": {"pumps": 2, "days": 6}, "lookback": 36, "stride": 4},
    "model": {"name": "small", "hidden_size": 4, "num_layers": 2, "dropout": 0.1},
    "training": {"max_epochs": 3, "chunk_length": 96, "burn_in": 24, "threads": 1, "device": "cpu"},
    "personal": {"max_epochs": 1, "min_windows": 1},
    "evaluation": {"ridge_max_windows": 200, "bootstrap_samples": 100},
    "export": {"parity_windows": 8},
}


SettingsOf = Callable[[int], Settings]
"""The settings of a run with a seed."""


def small_settings(seed: int, split_files: str = "") -> Settings:
    """Two virtual wearers of six days, or whoever's split files are given, and a tiny network with dropout."""
    bank = {"source": "bloodbank", "root": split_files} if split_files else {}
    groups = {"data": {**SMALL["data"], **bank}, "training": {**SMALL["training"], "seed": seed}}
    return settings_model().model_validate({**SMALL, **groups})


def whole_run(folder: Path, settings: Settings, stages: tuple[Stage, ...] = STAGES) -> None:
    """Every stage under one owner, as the graph runs them."""
    owner = Owner(what="a small run", keeps=True)
    store = ArtifactStore(folder, owner)
    try:
        for stage in stages:
            stage(store, settings)
    finally:
        owner.release()


@dataclass
class KilledAt:
    """Kills its own process at the numbered rename, before or after it."""

    rename: int
    after: bool
    seen: int = field(default=0, init=False)

    def __call__(self) -> None:
        """From now on count what Path.replace is called for."""
        real = Path.replace

        def replace(path: Path, target: Path) -> Path:
            mine, self.seen = self.seen == self.rename, self.seen + 1
            if mine and not self.after:
                os.kill(os.getpid(), signal.SIGKILL)
            moved = real(path, target)
            if mine:
                os.kill(os.getpid(), signal.SIGKILL)
            return moved

        Path.replace = replace  # type: ignore[method-assign, assignment]


def start(work: Callable[[], None], said: Path, before: Callable[[], None] | None = None) -> multiprocessing.Process:
    """Begin work in a process group of its own, forked so that nothing is imported anew; stderr goes to said."""
    process = multiprocessing.get_context("fork").Process(target=partial(_work, work, said, before))
    process.start()
    return process  # type: ignore[return-value]


def _work(work: Callable[[], None], said: Path, before: Callable[[], None] | None) -> None:
    os.setsid()
    with said.open("w") as file:
        os.dup2(file.fileno(), 2)
        os.dup2(file.fileno(), 1)
    if before:
        before()
    try:
        work()
    except BloodTwinError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.stderr.flush()
        os._exit(REFUSED)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the process ends here and its exit code tells.
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.stderr.flush()
        os._exit(BROKEN)
    os._exit(DONE)


def kill_after(process: multiprocessing.Process, seconds: float) -> bool:
    """Kill the process group after so long; False if it was done before."""
    process.join(seconds)
    if process.exitcode is not None or process.pid is None:
        return False
    while True:
        try:
            os.killpg(process.pid, signal.SIGKILL)
            break
        except ProcessLookupError:  # It has not come to have a group of its own.
            time.sleep(0.001)
    process.join()
    return True


def leftovers(folder: Path) -> list[str]:
    """Hidden files and folders, none of which a finished run leaves."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob(".*"))
