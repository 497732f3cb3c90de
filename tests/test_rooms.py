"""The layout holds: every room has its place, and lint notices an import that runs against it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
MOST_ROOMS = 23
"""With the rooms that live forecasts, control and publishing bring."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources alone, to plant something in."""
    for package in ("bloodtwin_core", "bloodtwin_assets"):
        ignored = shutil.ignore_patterns("__pycache__", "model")
        shutil.copytree(REPOSITORY / package, tmp_path / package, ignore=ignored)
    shutil.copyfile(REPOSITORY / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("importlinter", reason="import-linter is an extra of developers")
    program = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", program, "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


def test_no_module_stands_outside_a_room() -> None:
    loose = [path.name for path in (REPOSITORY / "bloodtwin_core").iterdir() if path.is_file()]
    assert sorted(loose) == ["__init__.py", "py.typed"]


def test_there_are_few_rooms() -> None:
    rooms = [path for path in (REPOSITORY / "bloodtwin_core").iterdir() if (path / "__init__.py").is_file()]
    assert len(rooms) <= MOST_ROOMS


@pytest.mark.parametrize(
    ("module", "planted", "said"),
    [
        ("records/cadence.py", "from bloodtwin_core.training import fit", "bloodtwin_core.records is not allowed"),
        ("serving/forecast.py", "import pandas", "bloodtwin_core.serving is not allowed to import pandas"),
        ("windows/series.py", "import dagster", "bloodtwin_core is not allowed to import dagster"),
        ("attic/__init__.py", "", "attic"),
    ],
)
def test_a_violation_fails_lint(copy: Path, module: str, planted: str, said: str) -> None:
    path = copy / "bloodtwin_core" / module
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{planted}\n{path.read_text() if path.exists() else ''}")
    done = lint(copy)
    assert done.returncode == 1
    assert said in done.stdout
