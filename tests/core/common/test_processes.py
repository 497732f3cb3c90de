"""A process that ended is told from one that runs, and from a later one of the same number."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bloodtwin_core.common.processes import NamedProcess

STATED = Path("/proc/self/stat").exists()
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows is not asked which processes run")


def test_this_process_runs() -> None:
    me = NamedProcess.of(os.getpid())
    assert me is not None
    assert me.runs
    assert NamedProcess.model_validate_json(me.model_dump_json()).runs


def test_one_that_was_killed_has_ended_even_before_its_parent_asks() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    named = NamedProcess.of(child.pid)
    assert named is not None
    assert named.runs
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    if STATED:
        assert not named.runs
    child.wait()
    child.stdin.close()  # type: ignore[union-attr]
    assert not named.runs
    assert NamedProcess.of(child.pid) is None


@pytest.mark.skipif(not STATED, reason="the system does not say when a process began")
def test_a_later_process_of_the_same_number_is_another() -> None:
    assert not NamedProcess(pid=os.getpid(), started="1").runs


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells a process that its parent ended")
@pytest.mark.parametrize(("parent", "code"), [("os.getppid()", 0), ("os.getpid()", -signal.SIGTERM)])
def test_whose_parent_ended_before_it_asked_is_terminated(parent: str, code: int) -> None:
    asks = f"import os; from bloodtwin_core.common.processes import die_with_parent as ask; ask({parent})"
    assert subprocess.run([sys.executable, "-c", asks], check=False).returncode == code


def test_a_number_that_no_process_has_is_none() -> None:
    assert NamedProcess.of(2**40) is None
