"""The pictures of the live page in the docs, of the demonstration: `python -m benchmarks.page_pictures [FOLDER]`.

Chromium draws them, without a window; `pip install -e ".[dev]"` brings what drives it.
"""

import io
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.pictures import FOLDER
from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.events.grid import BIN_SECONDS
from bloodtwin_core.service.clock import FastClock
from bloodtwin_core.service.demo.recording import recorded
from bloodtwin_core.service.demo.replay import NAME, Replay
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.web.server import server

RECORD = 5366
"""Of the recording, its newest reading: it falls after a meal and two corrections."""
SHOWN = (("live_light", 1280, "light", 1), ("live_dark", 1280, "dark", 1), ("live_phone", 390, "dark", 2))
"""Name, width, colours and pixels for each of CSS of the pictures."""
PHONE_HEIGHT = 844
COLOURS = 256
_BEGUN = 1_767_225_600
"""2026-01-01T00:00Z; the moment lies in the time the recording takes from there."""
_READ_AGO = 40


def main(folder: Path) -> None:
    """Write the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as store, demonstration(Path(store)) as url:
        for name, image in screenshots(url):
            shrunk = Image.open(io.BytesIO(image)).convert("RGB").quantize(COLOURS)
            shrunk.save(folder / f"{name}.png", optimize=True)


@contextmanager
def demonstration(store: Path) -> Iterator[str]:
    """The demonstration at the moment of RECORD; yields where it is asked, once yesterday's forecasts are there."""
    recording = recorded()
    since = (RECORD + 1 - _BEGUN // BIN_SECONDS) % len(recording)
    clock = FastClock(1.0, began=float(_BEGUN + since * BIN_SECONDS - 20 + _READ_AGO))
    service = Service(ServiceSettings(store=str(store), survives_power_cut=False), clock)
    service.is_demonstration = True
    replay = Replay(recording, service, service.store.wearers.put(NAME, "UTC"), clock)
    replay.start()
    replay.wait_for_past()
    running = server(service, host="127.0.0.1", port=0)
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}/"
    finally:
        replay.close()
        running.should_exit = True
        thread.join()


def screenshots(url: str) -> Iterator[tuple[str, bytes]]:
    """Each picture as PNG, by its name."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--disable-gpu"])
        for name, width, scheme, pixels in SHOWN:
            options: dict[str, Any] = {"color_scheme": scheme, "device_scale_factor": pixels, "locale": "en-GB"}
            page = browser.new_context(viewport={"width": width, "height": PHONE_HEIGHT}, **options).new_page()
            page.goto(url)
            page.wait_for_selector("#picture svg")
            yield name, page.screenshot(full_page=width > PHONE_HEIGHT)
            page.context.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
