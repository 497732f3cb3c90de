"""Tidepool: the data that a wearer exports from its site as JSON."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bloodtwin_core.common.progress import Progress
from bloodtwin_core.config import DataSettings
from bloodtwin_core.sources.document_kinds import JSON_FILES, TIDEPOOL, source_of_document
from bloodtwin_core.sources.signature import Signature
from bloodtwin_core.sources.source import EventSource, told

if TYPE_CHECKING:
    from bloodtwin_core.events.kinds import PumpEvents


def _events(settings: DataSettings, progress: Progress) -> "Iterator[PumpEvents]":
    from bloodtwin_core.sources.tidepool.importer import events

    return told(events(settings), len(settings.pump_ids), progress)


def _is_one(path: Path) -> bool:
    return source_of_document(path) == TIDEPOOL


SOURCE = EventSource(
    name="tidepool",
    title="an export of Tidepool",
    about="data exported from Tidepool as JSON: any pump or app that uploads there",
    root="`.json` files, or one folder of them a wearer",
    events=_events,
    notes="records of the five minutes up to their timestamp, from data exported from Tidepool",
    signature=Signature(is_file=_is_one, loose_files=JSON_FILES),
)
