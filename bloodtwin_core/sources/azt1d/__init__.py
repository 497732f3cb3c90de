"""AZT1D: people with type 1 diabetes on Tandem t:slim X2 pumps with Control-IQ and Dexcom sensors."""

from collections.abc import Iterator

from pydantic import Field

from bloodtwin_core.common.progress import Progress
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.records import PumpHistory
from bloodtwin_core.sources.notice import CC_BY, LicenceNotice
from bloodtwin_core.sources.signature import Signature
from bloodtwin_core.sources.source import HistorySource, told


class Azt1dSettings(SettingsGroup):
    """The AZT1D data set, used when data.source is azt1d."""

    days_before_basal: bool = Field(
        default=False,
        description="Learn also from the days before basal is known, as unknown basal; what is tested stays the same.",
    )


def _histories(settings: DataSettings, progress: Progress) -> Iterator[PumpHistory]:
    from bloodtwin_core.sources.azt1d.importer import histories

    return told(histories(settings), len(settings.pump_ids), progress)


def _notes(settings: DataSettings) -> str:
    notes = (
        "AZT1D, Khamesian et al., doi:10.17632/gk9m674wcx.1, CC BY 4.0. Hourly mean basal is placed on the hour after; "
        "records begin where basal is known"
    )
    before = settings.of(Azt1dSettings).days_before_basal
    return f"{notes}; the days before are in front of the train split, their basal unknown" if before else notes


SOURCE = HistorySource(
    name="azt1d",
    title="the AZT1D data set",
    about="people on t:slim X2 pumps: the published data set [AZT1D](https://doi.org/10.17632/gk9m674wcx.1)",
    root="the folder that holds `CGM Records`",
    settings=Azt1dSettings,
    histories=_histories,
    tz_handling="local wall time of the wearer, taken as UTC; the data set publishes no zone",
    notes=_notes,
    ids_are_people=True,
    notice=LicenceNotice(
        title="AZT1D: A Real-World Dataset for Type 1 Diabetes",
        authors="S. Khamesian, A. Arefeen, B. M. Thompson, M. A. Grando, H. Ghasemzadeh",
        licence=CC_BY,
        references=("[doi:10.17632/gk9m674wcx.1](https://doi.org/10.17632/gk9m674wcx.1)", "arXiv:2506.14789"),
        people="Adults with type 1 diabetes, all on Tandem t:slim X2 pumps with Control-IQ.",
        known="Glucose, basal rate and bolus.",
    ),
    signature=Signature(contents=("CGM Records", "Subject *")),
)
