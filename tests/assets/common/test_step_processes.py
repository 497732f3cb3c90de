"""Steps that are processes of their own (Dagster's multiprocess executor) hold the folder for their run."""

import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest

from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.common.errors import FolderInUse
from bloodtwin_core.common.locks import Owner

REPOSITORY = Path(__file__).parents[3]
LONGEST = 60


@dg.op
def first(artifacts: ArtifactsResource, settings: SettingsResource) -> None:
    with artifacts.store(settings).owned():
        pass


@dg.op(ins={"after": dg.In(dg.Nothing)})
def second(artifacts: ArtifactsResource, settings: SettingsResource) -> None:
    """Says that it has begun, and waits until it is told to go on."""
    folder = artifacts.store(settings).folder
    (folder / "begun").touch()
    ends = time.monotonic() + LONGEST
    while not (folder / "go").exists() and time.monotonic() < ends:
        time.sleep(0.02)
    with artifacts.store(settings).owned():
        pass


@dg.job(
    resource_defs={"settings": SettingsResource(), "artifacts": ArtifactsResource()},
    # Steps are forked from one process that has imported everything.
    executor_def=dg.multiprocess_executor.configured({"start_method": {"forkserver": {"preload_modules": [__name__]}}}),
)
def stepwise() -> None:
    second(after=first())


def run(root: str) -> None:
    """The job's process."""
    config = {"resources": {"artifacts": {"config": {"root": root}}}}
    home = Path(f"{root}-home")
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        assert dg.execute_job(dg.reconstructable(stepwise), instance, run_config=config).success


@pytest.mark.skipif(sys.platform == "win32", reason="Windows is not asked which processes run")
def test_nobody_comes_between_two_steps(tmp_path: Path) -> None:
    root = tmp_path / "out"
    folder = root / "bloodtwin_unified_lstm"
    code = f"from {__name__} import run; run({str(root)!r})"
    with subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY, stderr=subprocess.PIPE, text=True) as process:
        ends = time.monotonic() + LONGEST
        while not (folder / "begun").exists() and process.poll() is None and time.monotonic() < ends:
            time.sleep(0.02)
        assert (folder / "begun").exists(), process.communicate()[1][-2000:]
        with pytest.raises(FolderInUse, match="is in use by Dagster run"), Owner().holding(folder):
            pass
        (folder / "go").touch()
        said = process.communicate(timeout=LONGEST)[1]
    assert process.returncode == 0, said[-2000:]
    with Owner().holding(folder):
        pass
