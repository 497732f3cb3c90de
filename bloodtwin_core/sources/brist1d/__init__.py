"""BrisT1D: young adults with type 1 diabetes in Bristol, their Dexcom sensors and their pumps."""

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
    from bloodtwin_core.sources.brist1d.importer import events

    return told(events(settings), len(settings.pump_ids), progress)


SOURCE = EventSource(
    name="brist1d",
    title="the BrisT1D data set",
    about="young adults on pumps: the published data set "
    "[BrisT1D](https://doi.org/10.5523/bris.33z5jc8fa6tob21ptrugzqog08), or in Glucose-ML's form, without insulin",
    root="files `PNN.csv`",
    events=_events,
    tz_handling="local wall time of the wearer, taken as UTC; the data set publishes no zone",
    notes="BrisT1D-Open, James et al., doi:10.5523/bris.33z5jc8fa6tob21ptrugzqog08, CC BY 4.0. Basal and bolus are "
    "published as one number, split here; unknown where none was recorded, and in Glucose-ML's copy throughout",
    ids_are_people=True,
    notice=LicenceNotice(
        title="BrisT1D-Open",
        authors="S. G. James, M. Armstrong, A. O'Kane, H. Emerson, Z. Abdallah",
        licence=CC_BY,
        references=(
            "[doi:10.5523/bris.33z5jc8fa6tob21ptrugzqog08](https://doi.org/10.5523/bris.33z5jc8fa6tob21ptrugzqog08)",
            "arXiv:2507.17757",
        ),
        people="Young adults with type 1 diabetes and Dexcom sensors.",
        known="Glucose, and where the files as published were read all insulin of each five minutes, which was split "
        "into basal and bolus by its size; elsewhere their insulin is treated as unknown, not as none.",
    ),
    signature=Signature(contents=("P[0-9]*.csv",)),
)
