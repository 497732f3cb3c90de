"""The real command, run once with configs/smoke.yaml in a folder of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.once import made_once

REPOSITORY = Path(__file__).parents[2]
OFFLINE = Path(__file__).parent / "offline"
SMOKE = REPOSITORY / "configs" / "smoke.yaml"


@dataclass(frozen=True)
class Workplace:
    """A folder to run commands in, as a user would."""

    folder: Path

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts" / "smoke"

    @property
    def asked_elsewhere(self) -> Path:
        """Lists what was asked of other machines; not there if nothing was."""
        return self.folder.with_name(f"{self.folder.name}-asked-elsewhere.txt")

    def environment(self) -> dict[str, str]:
        """Without any Dagster home, credentials or network, and with this checkout rather than an installed copy."""
        without = {
            name: value
            for name, value in os.environ.items()
            if name != "DAGSTER_HOME" and not name.startswith("BLOODTWIN_")
        }
        here_alone = {"PYTHONPATH": f"{OFFLINE}{os.pathsep}{REPOSITORY}", "OFFLINE_REPORT": str(self.asked_elsewhere)}
        return {**without, **here_alone, "DAGSTER_DISABLE_TELEMETRY": "1"}

    def start(self, *command: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=self.folder,
            env={**self.environment(), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """A command with further environment variables."""
        process = self.start(*command, **variables)
        output, _ = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, output)

    def materialize(self, *configs: Path) -> subprocess.CompletedProcess[str]:
        return self.run(*materialize_command(*configs))

    def files(self) -> dict[str, bytes]:
        """What stands, by path; what a training under way writes does not count."""
        paths = [path for path in self.artifacts.rglob("*") if path.is_file()]
        under_way = ("in_progress", "tensorboard")
        return {
            str(path.relative_to(self.artifacts)): path.read_bytes()
            for path in paths
            if not any(part in path.parts for part in under_way)
        }


def materialize_command(*configs: Path) -> list[str]:
    named = [part for config in configs for part in ("-c", str(config))]
    return ["-m", "dagster", "asset", "materialize", "--select", "*", "-m", "bloodtwin_assets", *named]


@pytest.fixture(scope="session")
def smoke(shared_folder: Path) -> tuple[Workplace, subprocess.CompletedProcess[str]]:
    """The folder after the command, and what the command said: to be read, not changed.

    Processes that share out the tests share the run as well: the first that asks makes it.
    """
    workplace = Workplace(shared_folder / "workplace")

    def run() -> str:
        workplace.folder.mkdir()
        done = workplace.materialize(SMOKE)
        return json.dumps([done.returncode, done.stdout])

    code, output = json.loads(made_once(shared_folder / "workplace-said.json", run))
    return workplace, subprocess.CompletedProcess(materialize_command(SMOKE), code, output)
