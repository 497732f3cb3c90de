"""Processes that take one task after the other, a bounded number of them at once; one that dies costs its task alone.

The program of a worker reads lines from its stdin: first what all tasks have in common, then a task a line, as a JSON
string, and answers each with one line on its stdout. It must end when its stdin does, as it does when whoever started
it is killed.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

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
    are killed and waited for. Raises OSError if a process cannot be started.
    """
    crew = _Crew(module, common, tasks)
    threads = [threading.Thread(target=crew.work, daemon=True) for _ in range(min(workers, len(tasks)))]
    try:
        for thread in threads:
            thread.start()
        for _ in tasks:
            answer = crew.given.get()
            if isinstance(answer, Exception):
                raise answer
            yield answer
    finally:
        crew.end()
        for thread in threads:
            if thread.ident:
                thread.join()


class _Crew:
    """What the threads have in common, each of which has one process at a time and waits for its answers."""

    def __init__(self, module: str, common: str, tasks: Sequence[str]) -> None:
        self.module, self.common = module, common
        self.given: SimpleQueue[Answer | Exception] = SimpleQueue()
        self._waiting = deque(tasks)
        self._at_work: set[_Worker] = set()
        self._changes = threading.Lock()

    def work(self) -> None:
        """One thread: give the answer to one task after the other, or what kept it from going on."""
        worker: _Worker | None = None
        try:
            while task := self._next(worker):
                worker, name = task
                answer = worker.answer(name)
                if answer.died or worker.done >= TASKS_OF_A_PROCESS:
                    self._end(worker)
                    worker = None
                self.given.put(answer)
        except Exception as error:  # noqa: BLE001 - it is raised by whoever asks for the answers.
            self.given.put(error)
        finally:
            if worker:
                self._end(worker)

    def end(self) -> None:
        """Kill what is at work, and let no thread begin another task."""
        with self._changes:
            self._waiting.clear()
            for worker in self._at_work:
                worker.process.kill()

    def _next(self, worker: "_Worker | None") -> "tuple[_Worker, str] | None":
        """The next task and a process for it, a fresh one if there is none; None if nothing is left to do."""
        with self._changes:  # A process that is started meanwhile would be missed by whoever ends all.
            if not self._waiting:
                return None
            worker = worker or _Worker(self.module, self.common)
            self._at_work.add(worker)
            return worker, self._waiting.popleft()

    def _end(self, worker: "_Worker") -> None:
        with self._changes:
            self._at_work.remove(worker)
        worker.end()


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
        self.common, self.done = common, 0

    def answer(self, task: str) -> Answer:
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("a worker's stdin and stdout are pipes")
        common = "" if self.done else f"{self.common}\n"
        self.done += 1
        with suppress(BrokenPipeError):  # It died between two tasks; its exit code says how.
            self.process.stdin.write(f"{common}{json.dumps(task)}\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if line.endswith("\n"):
            return Answer(task, line.rstrip("\n"))
        return Answer(task, "", _in_words(self.process.wait()))

    def end(self) -> None:
        self.process.kill()  # It has nothing to do, or nothing that is still wanted.
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(OSError):  # What it did not read any more cannot be flushed.
                    stream.close()


def _in_words(code: int) -> str:
    if code >= 0:
        return f"its process ended with exit code {code}"
    name = signal.Signals(-code).name
    memory = ", as Linux does where memory runs out" if -code == signal.SIGKILL else ""
    return f"its process was ended by {name}{memory}"
