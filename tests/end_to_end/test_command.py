"""From pump records to exports with the command that the README gives."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

from bloodtwin_core.network.checkpoint import read_whole
from bloodtwin_core.records import Split
from bloodtwin_core.windows.storage import read_windows
from tests.end_to_end.conftest import REPOSITORY, SMOKE, Workplace, materialize_command

pytestmark = pytest.mark.end_to_end
Smoke = tuple[Workplace, subprocess.CompletedProcess[str]]
ONNX_ALONE = """
import sys
import numpy as np, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
[given], [wanted, quantiles] = session.get_inputs(), session.get_outputs()
assert (given.name, given.shape[1:], given.type) == ("input", [288, 8], "tensor(float)"), (given.name, given.shape)
assert (wanted.name, wanted.shape[1:]) == ("prediction", [12]), (wanted.name, wanted.shape)
assert (quantiles.name, quantiles.shape[1:]) == ("quantiles", [12, 7]), (quantiles.name, quantiles.shape)
def forecast_of(windows):
    return session.run(["prediction"], {"input": windows})[0]
"""
TORCHSCRIPT_ALONE = """
import sys
import numpy as np, torch
module = torch.jit.load(sys.argv[1])
@torch.inference_mode()
def forecast_of(windows):
    return module(torch.from_numpy(windows)).numpy()
"""
ALONE = """
for given in sys.argv[2:]:
    windows = np.load(given)
    forecast = forecast_of(windows)
    assert forecast.dtype == np.float32 and forecast.shape == (len(windows), 12)
    np.save(f"{sys.argv[1]}-{given}", forecast)
assert not any(name.startswith("bloodtwin") for name in sys.modules)
"""


def test_the_command_goes_from_records_to_exports(smoke: Smoke) -> None:
    workplace, command = smoke
    assert command.returncode == 0, command.stdout[-3000:]
    expected = ["checkpoints/best.ckpt", "scaler.pkl", "model.ts", "model.onnx", "test_results.yaml", "manifest.json"]
    assert set(expected) <= set(workplace.files())


def test_the_command_needs_neither_network_nor_credentials(smoke: Smoke) -> None:
    """As its environment has no credential and its processes reach this machine alone: see offline/sitecustomize.py."""
    workplace, command = smoke
    assert command.returncode == 0, command.stdout[-3000:]
    assert not workplace.asked_elsewhere.exists(), workplace.asked_elsewhere.read_text()


@pytest.mark.parametrize(
    "asking",
    [
        "socket.create_connection(('192.0.2.1', 80), 1)",
        "socket.getaddrinfo('example.org', 443)",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))",
    ],
)
def test_other_machines_are_out_of_reach_of_these_commands(asking: str, tmp_path: Path) -> None:
    workplace = Workplace(tmp_path / "workplace")
    workplace.folder.mkdir()
    begun = f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', {f'import socket; {asking}'!r}]))"
    ran = workplace.run("-c", begun)
    assert ran.returncode == 1
    assert "the network is out of reach here" in ran.stdout
    assert "socket." in workplace.asked_elsewhere.read_text()


def test_a_missed_target_is_said_and_does_not_fail_the_command(smoke: Smoke) -> None:
    results = yaml.safe_load((smoke[0].artifacts / "test_results.yaml").read_text())
    missed = [target for target in results["targets"].values() if not target["met"]]
    for target in missed:
        assert target["reading"] in smoke[1].stdout
    assert missed, "two epochs of a small network should miss something"
    assert smoke[1].returncode == 0


def test_both_exports_load_alone_and_agree(smoke: Smoke, tmp_path: Path) -> None:
    """Each in a process that has no bloodTwin, on real windows, in batches of one and of many."""
    workplace, _ = smoke
    windows, _ = read_windows(workplace.artifacts / "windows")
    sizes = (1, 7)
    for size in sizes:
        np.save(tmp_path / f"{size}.npy", windows.lookbacks(windows.origins[Split.test].rows[:size]))
    for script, export in ((ONNX_ALONE, "model.onnx"), (TORCHSCRIPT_ALONE, "model.ts")):
        alone = shutil.copy(workplace.artifacts / export, tmp_path / export)
        ran = Workplace(tmp_path).run("-c", script + ALONE, str(alone), *(f"{size}.npy" for size in sizes))
        assert ran.returncode == 0, ran.stdout
    for size in sizes:
        forecasts = [np.load(tmp_path / f"{export}-{size}.npy") for export in ("model.onnx", "model.ts")]
        assert len(forecasts[0]) == size
        np.testing.assert_allclose(*forecasts, atol=1e-3)


def test_nothing_lies_outside_the_artifacts(smoke: Smoke) -> None:
    left = {path.name for path in smoke[0].folder.iterdir() if not path.name.startswith(".tmp_dagster_home")}
    assert left == {"artifacts"}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"training": {"max_epochs": 0}}, "training.max_epochs is 0, but"),
        ({"data": {"source": "bloodbank", "root": "nowhere"}}, "Point data.root"),
    ],
)
def test_a_bad_setting_is_said_and_leaves_nothing(tmp_path: Path, setting: dict[str, object], said: str) -> None:
    config = tmp_path / "my.yaml"
    config.write_text(json.dumps({"resources": {"settings": {"config": setting}}}))
    ran = Workplace(tmp_path).materialize(config)
    assert ran.returncode == 1
    assert said in ran.stdout
    assert not (tmp_path / "artifacts").exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_broken_training_leaves_what_stood(smoke: Smoke, tmp_path: Path, how: signal.Signals) -> None:
    workplace = Workplace(tmp_path / "copy")
    shutil.copytree(smoke[0].folder / "artifacts", workplace.folder / "artifacts")
    before = workplace.files()
    longer = tmp_path / "longer.yaml"
    longer.write_text(json.dumps({"resources": {"settings": {"config": {"training": {"max_epochs": 10_000}}}}}))
    process = workplace.start(*materialize_command(longer, SMOKE))
    last = workplace.artifacts / "checkpoints" / "in_progress" / "last.ckpt"
    wait_for(last, process)
    process.send_signal(how)  # The UI cancels a run by the same interrupt.
    process.communicate(timeout=60)
    assert process.returncode != 0
    after = workplace.files()
    for name in ("checkpoints/best.ckpt", "test_results.yaml", "model.onnx", "model.ts", "scaler.json"):
        assert after[name] == before[name]
    assert read_whole(last)["epoch"] >= 0


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None, process.communicate()[0][-3000:]
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_workspace_loads(tmp_path: Path) -> None:
    """As dagster dev and the webserver load it, from workspace.yaml, and without what takes seconds to import."""
    home = tmp_path / "home"
    home.mkdir()
    ran = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"],
        cwd=REPOSITORY,
        env={**Workplace(tmp_path).environment(), "DAGSTER_HOME": str(home), "PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said
    imported = {line.rpartition("|")[2].strip() for line in said.splitlines() if line.startswith("import time:")}
    assert "bloodtwin_assets.definitions" in imported
    assert not imported & {"torch", "lightning", "sklearn", "scipy.stats", "onnx", "matplotlib", "numba"}
