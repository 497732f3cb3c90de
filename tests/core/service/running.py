"""The real command in a process of its own, to be asked, overloaded and killed."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

REPOSITORY = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A service that runs: its process, and where it is asked."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process, self.url = process, url

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def memory(self) -> float:
        """MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) / 1024


@contextmanager
def serving(*arguments: str, port: int | None = None) -> Iterator[Running]:
    """`bloodtwin serve` with more arguments, until the block is left."""
    port = port or free_port()
    command = [sys.executable, "-m", "bloodtwin_core.cli", "serve", "--port", str(port), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    running = Running(process, f"http://127.0.0.1:{port}")
    try:
        _wait(running)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            running.kill()


def _wait(running: Running) -> None:
    for _ in range(300):
        if running.process.poll() is not None:
            raise AssertionError(running.process.stdout.read() if running.process.stdout else "it ended")
        try:
            if requests.get(f"{running.url}/readyz", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("the service did not begin")
