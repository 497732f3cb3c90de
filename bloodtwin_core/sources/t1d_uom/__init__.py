"""T1D-UOM: people with type 1 diabetes in Manchester on pumps or injections, with their own sensors."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bloodtwin_core.common.progress import Progress
from bloodtwin_core.config import DataSettings
from bloodtwin_core.sources.notice import CC_BY, LicenceNotice
from bloodtwin_core.sources.signature import Signature
from bloodtwin_core.sources.source import EventSource, told

if TYPE_CHECKING:
    from bloodtwin_core.events.kinds import PumpEvents


def _events(settings: DataSettings, progress: Progress) -> "Iterator[PumpEvents]":
    from bloodtwin_core.sources.t1d_uom.importer import events

    return told(events(settings), len(settings.pump_ids), progress)


SOURCE = EventSource(
    name="t1d_uom",
    title="the T1D-UOM data set",
    about="people on pumps: the published data set [T1D-UOM](https://doi.org/10.5281/zenodo.15806142)",
    root="the data set as unpacked",
    events=_events,
    tz_handling="UTC, from UK local time with daylight saving",
    notes="T1D-UOM, doi:10.5281/zenodo.15806142, CC BY 4.0. People on a pump with a reading every 5 minutes; records "
    "where their basal rate is known",
    ids_are_people=True,
    notice=LicenceNotice(
        title="T1D-UOM",
        authors="University of Manchester",
        licence=CC_BY,
        references=(
            "[doi:10.5281/zenodo.15806142](https://doi.org/10.5281/zenodo.15806142)",
            "doi:10.1038/s41597-025-05695-1",
        ),
        people="People with type 1 diabetes in Manchester.",
        known="Glucose, basal rate and bolus.",
    ),
    signature=Signature(contents=("Glucose Data", "*/Glucose Data")),
)
