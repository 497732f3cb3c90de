"""The last lines of what a command says: what happened, where, and what next; kept as files in expected/.

Numbers are written as #, folders of a test as FOLDER. `UPDATE_EXPECTED=1 pytest ...` writes the files anew.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from bloodtwin_core.common.locks import Owner
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from tests.end_to_end.conftest import REPOSITORY, SMOKE, Workplace
from tests.end_to_end.test_command import wait_for

pytestmark = pytest.mark.end_to_end
Smoke = tuple[Workplace, subprocess.CompletedProcess[str]]
EXPECTED = Path(__file__).parent / "expected"
LINES = 10
RUN = ("-m", "bloodtwin_core.cli", "run", "--config", str(SMOKE))


def check(name: str, output: str, folder: Path) -> None:
    """Whether the last lines are those that were kept under a name."""
    found = as_kept(output, folder)
    path = EXPECTED / f"{name}.txt"
    if os.environ.get("UPDATE_EXPECTED"):
        EXPECTED.mkdir(exist_ok=True)
        path.write_text(found, "utf-8")
    assert found == path.read_text("utf-8")


def as_kept(output: str, folder: Path) -> str:
    text = output.replace(str(folder.resolve()), "FOLDER").replace(str(folder), "FOLDER")
    text = re.sub(r"\.[0-9a-f]{8}\b", ".#", text)  # of temporary names
    text = text.replace(f" on {socket.gethostname()})", " on HOST)")
    lines = [re.sub(r"\d[\d.,:T-]*\d|\d", "#", " ".join(line.split())) for line in text.splitlines()]
    # Which of the two it is with so small a network is chance.
    lines = [re.sub(r"(no )?better than persistence", "better or no better than persistence", line) for line in lines]
    lines = [re.sub(r"(# min )?# s\b", "TIME", line) for line in lines]
    return "\n".join(lines[-LINES:]) + "\n"


def run(workplace: Workplace, *arguments: str, code: int) -> str:
    done = workplace.run(*RUN, *arguments)
    assert done.returncode == code, done.stdout
    assert "Traceback" not in done.stdout
    return str(done.stdout)


def targets(limit: int) -> list[str]:
    names = ("target_mae_30min", "target_mae_60min", "target_rmse")
    return [part for name in names for part in ("--set", f"evaluation.{name}={limit}")]


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


@pytest.fixture
def copied(smoke: Smoke, tmp_path: Path) -> Workplace:
    """A folder in which the graph has run."""
    shutil.copytree(smoke[0].folder / "artifacts", tmp_path / "artifacts")
    return Workplace(tmp_path)


@pytest.mark.parametrize(
    ("name", "limit", "selected"),
    [("success", 100, "test_results,evaluation_report"), ("missed_targets", 1, "test_results")],
)
def test_a_run_ends_with_what_was_reached(name: str, limit: int, selected: str, copied: Workplace) -> None:
    output = run(copied, "--select", selected, *targets(limit), code=0)
    check(name, output, copied.folder)
    [log] = (copied.folder / ".dagster_home" / "run_logs").iterdir()
    assert "RUN_SUCCESS" in log.read_text("utf-8")
    assert not copied.asked_elsewhere.exists(), "Dagster's telemetry is off"
    assert not (copied.folder / ".dagster_home" / "logs" / "event.log").exists(), "and keeps nothing to send later"


def test_a_wrong_folder(workplace: Workplace) -> None:
    output = run(workplace, "--set", "data.source=bloodbank", "--set", "data.root=nowhere", code=1)
    check("wrong_folder", output, workplace.folder)


@pytest.mark.parametrize(
    ("name", "assignment"),
    [("typo_in_a_setting", "training.max_epoch=3"), ("typo_in_a_group", "trainin.max_epochs=3")],
)
def test_a_typo(name: str, assignment: str, workplace: Workplace) -> None:
    check(name, run(workplace, "--set", assignment, code=2), workplace.folder)
    assert list(workplace.folder.iterdir()) == []


def test_a_typo_in_a_level(workplace: Workplace) -> None:
    config = workplace.folder / "my.yaml"
    config.write_text(json.dumps({"resources": {"settigns": {"config": {"training": {"max_epochs": 3}}}}}))
    check("typo_in_a_level", run(workplace, "--config", str(config), code=2), workplace.folder)


def test_a_setting_that_a_stage_refuses(workplace: Workplace) -> None:
    """The same exit code as for any other wrong setting."""
    output = run(workplace, "--set", "data.source=bloodbank", "--select", "raw_pump_splits", code=2)
    check("refused_setting", output, workplace.folder)


def test_a_stage_that_is_not_there(workplace: Workplace) -> None:
    check("typo_in_a_stage", run(workplace, "--select", "test_result", code=2), workplace.folder)


def limited(workplace: Workplace, kilobytes: int, *command: str) -> subprocess.CompletedProcess[str]:
    """A command that may write no larger file, which the operating system answers much as a full disk would."""
    resource = pytest.importorskip("resource", reason="only Unix can limit the size of files")
    limit = (kilobytes * 1024, kilobytes * 1024)
    return subprocess.run(
        [sys.executable, *command],
        cwd=workplace.folder,
        env=workplace.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )


def test_a_full_disk(workplace: Workplace) -> None:
    long_history = ("--set", "simulator.days=120", "--set", "simulator.pumps=1")
    done = limited(workplace, 1000, *RUN, "--select", "raw_pump_splits", *long_history)
    assert done.returncode == 1
    check("full_disk", done.stdout, workplace.folder)


def test_a_folder_that_cannot_be_written(workplace: Workplace) -> None:
    """One in which even an administrator may make nothing."""
    if not Path("/sys/kernel").is_dir():
        pytest.skip("only Linux has /sys")
    output = run(workplace, "--artifacts", "/sys/bloodtwin", "--select", "raw_pump_splits", code=1)
    check("read_only_folder", output, workplace.folder)


def test_a_port_in_use(workplace: Workplace) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    python = workplace.folder / "bin" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    for name in (".installed", ".installed-ui"):  # As if everything had been installed.
        (workplace.folder / name).touch()
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked = ["make", "ui", f"PORT={server.getsockname()[1]}", f"VENV={workplace.folder}"]
        # A `make` that runs the tests must not show in the output of the one that is tested.
        variables = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        done = subprocess.run(
            asked, cwd=REPOSITORY, env=variables, capture_output=True, text=True, check=False, timeout=60
        )
    assert done.returncode != 0
    check("port_in_use", done.stderr, workplace.folder)


@pytest.mark.parametrize(("blow", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_in_a_training(blow: signal.Signals, code: int, copied: Workplace) -> None:
    before = (copied.artifacts / "checkpoints" / "best.ckpt").read_bytes()
    endless = ("--select", "trained_checkpoint", "--set", "training.max_epochs=10000")
    process = copied.start(*RUN, *endless, "--set", "training.early_stopping_patience=1000")
    last = copied.artifacts / "checkpoints" / "in_progress" / "last.ckpt"
    wait_for(last, process)
    process.send_signal(blow)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == code, output
    if blow is signal.SIGINT:
        check("interrupted", output, copied.folder)
    assert last.exists()
    assert (copied.artifacts / "checkpoints" / "best.ckpt").read_bytes() == before
    assert not _alive(copied.folder), "the child must not outlive the command"


def _alive(folder: Path) -> Sequence[str]:
    """Processes that work in the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == folder.resolve():
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found


def test_a_second_run_at_once(workplace: Workplace) -> None:
    """The lock of a folder of artifacts says who holds it; its words come last, as those of any failure."""
    store = ArtifactStore(workplace.artifacts, Owner(what="the run of a test"))
    with store.owned():
        output = run(workplace, "--select", "raw_pump_splits", code=1)
    check("second_run_at_once", output, workplace.folder)
