"""OhioT1DM: people with type 1 diabetes on Medtronic pumps and sensors, eight weeks each."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bloodtwin_core.common.progress import Progress
from bloodtwin_core.config import DataSettings
from bloodtwin_core.sources.document_kinds import OHIO, XML_FILES, source_of_document
from bloodtwin_core.sources.notice import LicenceNotice
from bloodtwin_core.sources.signature import Signature
from bloodtwin_core.sources.source import EventSource, told

if TYPE_CHECKING:
    from bloodtwin_core.events.kinds import PumpEvents

_REFERENCE = "https://ceur-ws.org/Vol-2675/paper11.pdf"


def _events(settings: DataSettings, progress: Progress) -> "Iterator[PumpEvents]":
    from bloodtwin_core.sources.ohio_t1dm.importer import events

    return told(events(settings), len(settings.pump_ids), progress)


def _is_one(path: Path) -> bool:
    return source_of_document(path) == OHIO


SOURCE = EventSource(
    name="ohio_t1dm",
    title="the OhioT1DM data set",
    about=f"people on Medtronic pumps: the data set [OhioT1DM]({_REFERENCE}), which researchers get on request",
    root="the folder that holds the `.xml` files, at any depth",
    events=_events,
    tz_handling="local wall time of dates that were moved, taken as if it were UTC; no zone is published",
    notes="OhioT1DM, C. Marling and R. Bunescu, under its data use agreement",
    notice=LicenceNotice(
        title="OhioT1DM",
        authors="C. Marling, R. Bunescu, Ohio University",
        licence="Given to researchers under a data use agreement, which must be asked whether a model may be passed on",
        references=(f"[The OhioT1DM Dataset for Blood Glucose Level Prediction: Update 2020]({_REFERENCE})",),
        people="People with type 1 diabetes on Medtronic pumps, two cohorts.",
        known="Glucose, basal rate, bolus and carbohydrates.",
    ),
    signature=Signature(is_file=_is_one, loose_files=XML_FILES),
)
