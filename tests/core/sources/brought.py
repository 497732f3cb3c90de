"""A cloud that another package brings: one file with its entry point, as pip would leave them, without pip."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bloodtwin_core.sources.registry import sources
from bloodtwin_core.sources.settings import data_model, settings_model

ACME = '''
"""The cloud of a maker called Acme."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pydantic import Field

from bloodtwin_core.common.progress import Progress
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.records import RECORD_INTERVAL, PumpRecords, records_from_signals
from bloodtwin_core.sources.fetching import FetchReport, folder_of
from bloodtwin_core.sources.notice import CC_BY, LicenceNotice
from bloodtwin_core.sources.source import HistorySource


class AcmeSettings(SettingsGroup):
    """The cloud of Acme."""

    clinic: str = Field(default="", description="Code of the clinic.")
    days: int = Field(default=4, ge=3, le=30, description="Days to read.")


def fetch(settings: DataSettings, progress: Progress) -> list[FetchReport]:
    """Keep the level of glucose that the cloud tells."""
    kept = folder_of(settings) / "acme_7"
    kept.mkdir(parents=True, exist_ok=True)
    (kept / "level.txt").write_text("120")
    return [FetchReport("7", new=1, total=1)]


def histories(settings: DataSettings, progress: Progress) -> Iterator[PumpRecords]:
    """One pump with the level that was fetched."""
    level = float((folder_of(settings) / "acme_7" / "level.txt").read_text())
    count = settings.of(AcmeSettings).days * 288
    times = np.datetime64("2024-03-01T00:00:00", "s") + np.arange(count) * RECORD_INTERVAL
    yield records_from_signals("7", times, level + np.arange(count) % 7, np.full(count, 0.8), np.zeros(count))


SOURCE = HistorySource(
    name="acme",
    title="the Acme cloud",
    about="the cloud of Acme",
    root="a folder of your own",
    settings=AcmeSettings,
    histories=histories,
    fetch=fetch,
    notes="from the Acme cloud",
    notice=LicenceNotice("Acme Data", "A. Acme", CC_BY, ("doi:10.1/acme",), "People.", "Glucose."),
)
'''


Bring = Callable[..., None]
"""Installs the package with a text; the attribute is what its entry point names."""


def said_besides(*fields: str) -> str:
    """The module of a source that says more of itself, such as needs_zone=True."""
    more = "".join(f"    {field},\n" for field in fields)
    text = ACME.replace("HistorySource(\n", f"HistorySource(\n{more}")
    return text.replace(
        "import HistorySource\n", "import HistorySource\nfrom bloodtwin_core.sources.signature import Signature\n"
    )


def installing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Bring:
    """What installs the package for as long as monkeypatch keeps the path; forget() afterwards."""

    def install(text: str = ACME, attribute: str = "SOURCE") -> None:
        monkeypatch.syspath_prepend(bring(folder, text, attribute))
        forget()

    return install


def forget() -> None:
    """As a new process would, look for sources again."""
    sys.modules.pop("bloodtwin_acme", None)
    importlib.invalidate_caches()
    for made in (sources, data_model, settings_model):
        made.cache_clear()


def bring(folder: Path, text: str = ACME, attribute: str = "SOURCE") -> Path:
    """A folder for sys.path that holds the package bloodtwin-acme, whose module has this text."""
    installed = folder / "bloodtwin_acme-1.0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: bloodtwin-acme\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(f"[bloodtwin.sources]\nacme = bloodtwin_acme:{attribute}\n")
    (folder / "bloodtwin_acme.py").write_text(text)
    return folder
