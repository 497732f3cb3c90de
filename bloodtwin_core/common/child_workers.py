"""Processes that take one task after the other, a bounded number of them at once; one that dies costs its task alone.

The program of a worker reads lines from its stdin: first what all tasks have in common, then a task a line, and answers
each with one line on its stdout. It must end when its stdin does, as it does when whoever started it is killed.
"""

import os
import selectors
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

TASKS_OF_A_PROCESS = 50
"""Tasks after which a process makes room for a fresh one, so that nothing piles up in it."""
_SOURCE = Path(__file__).parents[2]
"""Where this program lies, which the workers must be of too."""


@dataclass(frozen=True)
class Answer:
    """What came of a task: the line that was answered, or in words how its process ended without one."""

    task: str
    line: str
    died: str = ""


def answers(module: str, common: str, tasks: Sequence[str], workers: int) -> Iterator[Answer]:
    """Have tasks done by so many processes of `python -m module`, and give each answer as it comes.

    common: the first line that each process reads. If the iterator is closed or an exception passes, all processes
    are killed and waited for.
    """
    waiting = deque(tasks)
    idle: list[_Worker] = []
    with selectors.DefaultSelector() as busy, _ended(idle, busy):
        while waiting or busy.get_map():
            while waiting and len(busy.get_map()) < workers:
                worker = idle.pop() if idle else _Worker(module, common)
                worker.take(waiting.popleft())
                busy.register(worker.answers, selectors.EVENT_READ, worker)
            for key, _ in busy.select():
                worker = key.data
                answer = worker.answer()
                busy.unregister(worker.answers)
                if not answer.died and worker.done < TASKS_OF_A_PROCESS:
                    idle.append(worker)
                else:
                    worker.end()
                yield answer


class _Worker:
    def __init__(self, module: str, common: str) -> None:
        path = os.pathsep.join([str(_SOURCE), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"},
            process_group=0,  # An interrupt of a terminal reaches whoever started it, who ends it.
        )
        self.common, self.task, self.done = common, "", 0

    @property
    def answers(self) -> IO[str]:
        if self.process.stdout is None:
            raise RuntimeError("a worker's stdout is a pipe")
        return self.process.stdout

    def take(self, task: str) -> None:
        if self.process.stdin is None:
            raise RuntimeError("a worker's stdin is a pipe")
        common = "" if self.done else f"{self.common}\n"
        self.task, self.done = task, self.done + 1
        try:
            self.process.stdin.write(f"{common}{task}\n")
            self.process.stdin.flush()
        except BrokenPipeError:  # It died between two tasks; answer() says how.
            return

    def answer(self) -> Answer:
        line = self.answers.readline()
        if line.endswith("\n"):
            return Answer(self.task, line.rstrip("\n"))
        return Answer(self.task, "", _in_words(self.process.wait()))

    def end(self) -> None:
        self.process.kill()  # It has nothing to do, or nothing that is still wanted.
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(OSError):  # What it did not read any more cannot be flushed.
                    stream.close()


@contextmanager
def _ended(idle: list[_Worker], busy: selectors.BaseSelector) -> Iterator[None]:
    """Whatever happens, no process outlives the block."""
    try:
        yield
    finally:
        for worker in [*idle, *(key.data for key in busy.get_map().values())]:
            worker.end()


def _in_words(code: int) -> str:
    if code >= 0:
        return f"its process ended with exit code {code}"
    name = signal.Signals(-code).name
    memory = ", as Linux does where memory runs out" if -code == signal.SIGKILL else ""
    return f"its process was ended by {name}{memory}"
