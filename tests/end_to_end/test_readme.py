"""What the README and the pages it leads to tell a newcomer to type works, on what the command has left."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.cli.main import parser
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.pretrained.files import is_shipped
from bloodtwin_core.records import RECORD_INTERVAL
from tests.core.cli.test_forecast import clarity_file
from tests.core.sources.nightscout.test_nightscout import entry, profile
from tests.core.sources.servers.nightscout import TOKEN, NightscoutServer
from tests.end_to_end.conftest import REPOSITORY, Workplace

Smoke = tuple[Workplace, subprocess.CompletedProcess[str]]
README = REPOSITORY / "README.md"
PAGES = [README, *sorted((REPOSITORY / "docs").glob("*.md"))]
MOST_LINES = 150
JAVASCRIPT = REPOSITORY / "examples" / "javascript"


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in a language; "" is what is typed in a shell."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    return [block for named, block in fenced if named == language]


def programs(*names: str) -> list[str]:
    return [program for name in names for program in blocks(REPOSITORY / name, "python")]


def commands(*pages: Path) -> list[str]:
    """Every line of a shell block of some pages, or of any, without its comment."""
    lines = [line for page in pages or PAGES for block in blocks(page, "") for line in block.splitlines()]
    return sorted(
        {line.partition("  #")[0].strip() for line in lines if re.match(r"(bloodtwin|make|dagster) \w", line)}
    )


FORECASTING = programs("README.md", "docs/training.md", "docs/exports.md", "docs/forecasting.md", "docs/insulin.md")
EVALUATING = programs("docs/evaluation.md")


def test_the_pages_have_programs() -> None:
    assert len(FORECASTING) == 8
    assert len(EVALUATING) == 2
    assert len(blocks(README, "python")) == 1


def test_the_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) < MOST_LINES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    links += re.findall(r'(?:src|srcset)="([^"]+)"', page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.name)
def test_a_page_opens_with_whom_it_is_for(page: Path) -> None:
    assert page.read_text().split("\n\n")[1].startswith("For ")


@pytest.mark.end_to_end
@pytest.mark.parametrize("program", FORECASTING, ids=[f"program{number}" for number in range(len(FORECASTING))])
def test_a_program_of_the_readme_prints_a_forecast(smoke: Smoke, program: str) -> None:
    if "base_forecaster" in program and not is_shipped():
        pytest.skip("bloodtwin_core/pretrained holds no base model yet")
    workplace, _ = smoke
    done = workplace.run("-c", program.replace("bloodtwin_unified_lstm", "smoke"))
    assert done.returncode == 0, done.stdout
    numbers = np.array([float(number) for number in re.findall(r"\b\d{2,3}\.\d+", done.stdout)])
    assert ((numbers >= 20) & (numbers <= 600)).sum() >= 12, done.stdout


@pytest.mark.end_to_end
@pytest.mark.parametrize("program", EVALUATING, ids=[f"program{number}" for number in range(len(EVALUATING))])
def test_a_program_on_results_prints_figures(smoke: Smoke, program: str) -> None:
    workplace, _ = smoke
    done = workplace.run("-c", re.sub("bloodtwin_unified_lstm|another_model", "smoke", program))
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d\.\d", done.stdout)


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith("bloodtwin")])
def test_a_command_of_a_page_is_one(line: str) -> None:
    _, command, *arguments = shlex.split(line)
    assert parser(command).parse_args([command, *arguments])


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith("make")])
def test_a_target_of_a_page_is_one(line: str) -> None:
    target = shlex.split(line)[1]
    assert re.search(rf"^{target}:", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.end_to_end
def test_the_readmes_forecast_command_forecasts_from_a_folder_and_writes_the_page(smoke: Smoke, tmp_path: Path) -> None:
    workplace = Workplace(tmp_path)
    [line] = [line for line in commands() if "my-exports" in line and line.endswith("--html forecast.html")]
    shutil.copytree(smoke[0].artifacts / "pump_splits" / "pump_sim001", tmp_path / "my-exports" / "pump_sim001")
    done = workplace.run("-m", "bloodtwin_core.cli", *shlex.split(line)[1:], "--at", "last")
    assert done.returncode == 0, done.stdout
    assert "in 60 min" in done.stdout
    assert "<svg" in (tmp_path / "forecast.html").read_text()


@pytest.mark.end_to_end
def test_the_readmes_forecast_command_asks_a_nightscout_site(tmp_path: Path) -> None:
    [line] = [line for line in commands(README) if "my-site" in line]
    times = np.datetime64("now", "s") - np.timedelta64(120, "s") - RECORD_INTERVAL * np.arange(400)[::-1]
    with NightscoutServer() as server:
        server.entries = [entry(at, 120.0 + place % 9) for place, at in enumerate(times)]
        server.profiles = [profile("2020-01-01T00:00:00.000Z", "Europe/Berlin", ("00:00", 0.8))]
        asked = shlex.split(line.replace("https://my-site.example", server.url))[1:]
        done = subprocess.run(
            [sys.executable, "-m", "bloodtwin_core.cli", *asked],
            cwd=tmp_path,
            env={**Workplace(tmp_path).environment(), "BLOODTWIN_NIGHTSCOUT_TOKEN": TOKEN},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    assert "mmol/L in 60 min" in done.stdout


@pytest.mark.end_to_end
def test_the_readmes_run_command_goes_on_from_the_base_models_weights(tmp_path: Path) -> None:
    if not is_shipped():
        pytest.skip("bloodtwin_core/pretrained holds no base model yet")
    [line] = [line for line in commands(README) if "--start-from" in line]
    (tmp_path / "my-exports").mkdir()
    clarity_file(tmp_path / "my-exports" / "clarity.csv", 14 * 288, datetime.now(UTC))
    stages = "raw_pump_splits,fitted_scaler,windowed_tensors,trained_checkpoint"
    shorter = ["--select", stages, "--set", "training.max_epochs=1"]
    done = Workplace(tmp_path).run("-m", "bloodtwin_core.cli", *shlex.split(line)[1:], *shorter)
    assert done.returncode == 0, done.stdout
    [model] = (tmp_path / "artifacts").iterdir()
    assert load_checkpoint(model / "checkpoints" / "best.ckpt").started_from


@pytest.mark.end_to_end
def test_the_readmes_file_of_settings_and_make_reach_the_graph(smoke: Smoke, tmp_path: Path) -> None:
    """The first stages alone: what the rest does is seen with configs/smoke.yaml."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    [command] = set(re.findall(r"`(make materialize CONFIG=my\.yaml)`", README.read_text()))
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "configs/dagster.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)
    environment = as_if_installed(tmp_path / ".venv", "--select raw_pump_splits,fitted_scaler")
    [settings] = blocks(README, "yaml")
    (tmp_path / "my.yaml").write_text(settings)
    pump = tmp_path / "my" / "folder" / "pump_881235"
    shutil.copytree(smoke[0].artifacts / "pump_splits" / "pump_sim001", pump)
    for file in pump.rglob("*.csv"):
        file.write_text(file.read_text().replace("pump_serial: sim001", "pump_serial: 881235"))
    done = subprocess.run(
        shlex.split(command), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list((tmp_path / "out").glob("*/scaler.json"))
    assert not (tmp_path / "artifacts").exists()


def as_if_installed(venv: Path, more: str) -> dict[str, str]:
    """A folder that make takes for its environment, whose command has more arguments; gives make's environment."""
    (venv / "bin").mkdir(parents=True)
    for name, command in (("python", '"$@"'), ("bloodtwin", f'-m bloodtwin_core.cli "$@" {more}')):
        (venv / "bin" / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {command}\n')
        (venv / "bin" / name).chmod(0o755)
    (venv / ".installed").touch()
    # A `make` that runs the tests must not reach into the one that is tested.
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "BLOODTWIN_"))}
    return {**variables, "PYTHONPATH": str(REPOSITORY), "DAGSTER_DISABLE_TELEMETRY": "1"}


@pytest.mark.end_to_end
def test_the_example_in_javascript_forecasts_what_bloodtwin_does(smoke: Smoke) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    if not (JAVASCRIPT / "node_modules" / "onnxruntime-node").is_dir():
        pytest.skip("onnxruntime-node is not installed: npm install --prefix examples/javascript --ignore-scripts")
    workplace, _ = smoke
    for folder in [workplace.artifacts, *([REPOSITORY / "bloodtwin_core/pretrained/model"] if is_shipped() else [])]:
        done = subprocess.run([node, JAVASCRIPT / "forecast.js", folder], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("from bloodTwin's own forecast") == 2
