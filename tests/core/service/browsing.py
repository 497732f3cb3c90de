"""Pages of a service that runs in a thread, with a clock that stands where a test puts it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.web.server import server


class Served:
    """A service and where it is asked. heard: every address that pages of it asked for, and what went wrong in them."""

    def __init__(self, service: Service, url: str) -> None:
        self.service, self.url = service, url
        self.asked: list[str] = []
        self.faults: list[str] = []

    def post(self, wearer: str, **events: Any) -> None:
        answer = requests.post(f"{self.url}/v1/wearers/{wearer}/events", json=events, timeout=10)
        assert answer.ok, answer.text

    def page(self, browser: Any, wearer: str = "", *, width: int = 1280, **context: Any) -> Any:
        """The page of a wearer, once it is drawn. context: of Playwright's new_context."""
        page = browser.new_context(viewport={"width": width, "height": 900}, **context).new_page()
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        page.goto(f"{self.url}/#{wearer}")
        page.wait_for_selector("#picture svg")
        return page


@contextmanager
def served(folder: Path, now: Any, **settings: Any) -> Iterator[Served]:
    """A service on a free port of this machine, until the block is left."""
    service = Service(ServiceSettings(store=str(folder), survives_power_cut=False, **settings), now)
    running = server(service, host="127.0.0.1", port=0)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        assert thread.is_alive(), "the service did not begin"
        time.sleep(0.02)
    port = running.servers[0].sockets[0].getsockname()[1]
    try:
        yield Served(service, f"http://127.0.0.1:{port}")
    finally:
        running.should_exit = True
        thread.join(20)
