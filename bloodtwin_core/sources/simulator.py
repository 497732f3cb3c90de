"""Records of virtual wearers, made when asked for; see bloodtwin_core/simulation and docs/simulator.md."""

from collections.abc import Iterator

from pydantic import Field

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.common.progress import Progress, silent
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.records import PumpRecords
from bloodtwin_core.sources.notice import LicenceNotice
from bloodtwin_core.sources.source import HistorySource, told


class SimulatorSettings(SettingsGroup):
    """Virtual wearers, used when data.source is simulator."""

    pumps: int = Field(default=4, ge=1, le=10_000, description="Virtual wearers, one pump each.")
    days: int = Field(default=60, ge=3, le=36_500, description="Days of history per wearer.")
    seed: int = Field(default=2024, ge=0, le=2**32 - 1, description="The same seed gives the same records.")


def histories(settings: DataSettings, progress: Progress = silent) -> Iterator[PumpRecords]:
    """One history per pump, made one at a time, in the order of data.pump_ids, or all of data.simulator.pumps.

    Raises SettingsError, before anything is simulated, if pump_ids names a pump that the settings do not make.
    """
    # numba takes seconds to import, and only this source needs it.
    from bloodtwin_core.simulation import pump_id, simulate_wearer

    asked = settings.of(SimulatorSettings)
    made = {pump_id(wearer): wearer for wearer in range(asked.pumps)}
    unknown = [pump for pump in settings.pump_ids if pump not in made]
    if unknown:
        there = f"{pump_id(0)} to {pump_id(asked.pumps - 1)}" if len(made) > 1 else pump_id(0)
        raise SettingsError(
            f"data.pump_ids names {', '.join(unknown)}, but the simulator makes {there}. "
            "Name one of those, leave pump_ids empty for all, or raise data.simulator.pumps."
        )
    wearers = [made[pump] for pump in dict.fromkeys(settings.pump_ids)] or list(made.values())
    return told((simulate_wearer(asked.seed, wearer, asked.days) for wearer in wearers), len(wearers), progress)


SOURCE = HistorySource(
    name="simulator",
    title="virtual wearers",
    about="virtual wearers, made when asked for; the default",
    settings=SimulatorSettings,
    histories=histories,
    notes="virtual wearers; no person's data",
    notice=LicenceNotice(
        title="Virtual wearers",
        authors="bloodTwin's own simulator",
        licence="no person's data",
        references=("docs/simulator.md",),
        people="They are nobody; figures on them say nothing about people.",
        known="Glucose, basal rate and bolus.",
    ),
    local_times=True,
    virtual=True,
)
