"""A service in this process with a clock of the benchmark's own, answering on this machine."""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.service.server import free_port
from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.service.clock import Now
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.web.server import server


@dataclass
class SetClock:
    """Shows the second that it is set to."""

    second: float = 0.0

    def __call__(self) -> float:
        """Seconds since 1970 UTC."""
        return self.second


@contextmanager
def served(clock: Now) -> Iterator[tuple[Service, str]]:
    """The service and its address, until the block is left."""
    with tempfile.TemporaryDirectory(prefix="bloodtwin-served-") as folder:
        settings = ServiceSettings(
            store=folder, port=free_port(), most_requests_a_minute=1_000_000, survives_power_cut=False
        )
        service = Service(settings, clock)
        running = server(service)
        thread = threading.Thread(target=running.run, daemon=True)
        thread.start()
        while not running.started:
            time.sleep(0.05)
        yield service, f"http://127.0.0.1:{settings.port}"
        running.should_exit = True
        thread.join()
