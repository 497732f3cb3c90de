"""A child process: what it is told, and what it does not pick up."""

import os
import sys
from pathlib import Path

import pytest

from bloodtwin_core.cli.child import lines_of, started


def test_a_file_in_the_users_folder_does_not_stand_in_for_a_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "yaml.py").write_text("raise SystemExit('the file of the user')")
    monkeypatch.chdir(tmp_path)
    with started([sys.executable, "-c", "import yaml; print(yaml.safe_load('a: 1'))"], os.environ) as child:
        said = list(lines_of(child))
    assert said == ["{'a': 1}\n"]
