"""`bloodtwin serve` in a process of its own, to be asked, overloaded and killed."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

REPOSITORY = Path(__file__).parents[2]


def free_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Running:
    """A service that runs: its process, and where it is asked."""

    process: "subprocess.Popen[str]"
    url: str
    port: int

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def memory(self, what: str = "VmRSS") -> float:
        """MiB that the kernel says of the process: VmRSS now, VmHWM at its peak."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"{what}:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else float("nan")

    def processor_seconds(self) -> float:
        """Of the process so far, s."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(
    *arguments: str, port: int | None = None, core: int | None = None, trusted: Path | None = None
) -> Iterator[Running]:
    """`bloodtwin serve` with more arguments, until the block is left; on one core alone if it is given.

    trusted: the certificate that the arguments name.
    """
    port = port or free_port()
    pinned = [] if core is None else ["taskset", "-c", str(core)]
    command = [*pinned, sys.executable, "-m", "bloodtwin_core.cli", "serve", "--port", str(port), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    running = Running(process, f"{'https' if trusted else 'http'}://127.0.0.1:{port}", port)
    try:
        _wait(running, trusted)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            running.kill()


def _wait(running: Running, trusted: Path | None) -> None:
    for _ in range(300):
        if running.process.poll() is not None:
            raise AssertionError(running.process.stdout.read() if running.process.stdout else "it ended")
        try:
            if requests.get(f"{running.url}/readyz", timeout=5, verify=str(trusted) if trusted else True).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError("the service did not begin")
