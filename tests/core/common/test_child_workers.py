"""Processes that take tasks: bounded, and one that dies costs its own task alone."""

import os
import sys
import time
from pathlib import Path

import pytest

from bloodtwin_core.common import child_workers
from bloodtwin_core.common.child_workers import Answer, answers

PROGRAM = """
import json, os, signal, sys
common = input()
for line in sys.stdin:
    task = json.loads(line)
    if task == "killed": os.kill(os.getpid(), signal.SIGKILL)
    if task == "leaves": sys.exit(3)
    print(common, json.dumps(task), os.getpid(), flush=True)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "worker_of_test.py").write_text(PROGRAM)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "worker_of_test"


def pids(given: list[Answer]) -> set[str]:
    return {answer.line.split()[-1] for answer in given if answer.line}


def test_every_task_has_its_answer_from_a_bounded_number_of_processes(module: str) -> None:
    given = list(answers(module, "told to all", [str(task) for task in range(20)], workers=3))
    assert sorted(int(answer.task) for answer in given) == list(range(20))
    assert all(answer.line.startswith(f'told to all "{answer.task}" ') for answer in given)
    assert 1 <= len(pids(given)) <= 3


def test_a_task_of_two_lines_is_one_task(module: str) -> None:
    given = list(answers(module, "c", ["a\nb", "c"], workers=1))
    assert [(answer.task, answer.line.rpartition(" ")[0]) for answer in given] == [
        ("a\nb", r'c "a\nb"'),
        ("c", 'c "c"'),
    ]


def test_what_keeps_a_process_from_starting_is_raised(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        list(answers(module, "c", ["a", "b"], workers=2))


def test_a_process_that_dies_costs_its_task_alone_and_is_told(module: str) -> None:
    given = {answer.task: answer for answer in answers(module, "c", ["a", "killed", "b", "leaves", "d"], workers=1)}
    assert [bool(given[task].line) for task in ("a", "b", "d")] == [True] * 3
    assert given["killed"].died == "its process was ended by SIGKILL, as Linux does where memory runs out"
    assert given["leaves"].died == "its process ended with exit code 3"


def test_a_process_makes_room_for_a_fresh_one(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_workers, "TASKS_OF_A_PROCESS", 2)
    assert len(pids(list(answers(module, "c", list("abcde"), workers=1)))) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is read")
def test_whoever_is_broken_off_leaves_no_process(module: str) -> None:
    running = answers(module, "c", ["a", "b"], workers=2)
    pid = int(next(running).line.split()[-1])
    running.close()
    until = time.monotonic() + 5
    while time.monotonic() < until and Path(f"/proc/{pid}").exists():
        time.sleep(0.01)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
