"""Records of virtual wearers, made when asked for; see bloodtwin_core/simulation and docs/simulator.md."""

from collections.abc import Iterator

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import PumpRecords
from bloodtwin_core.simulation import pump_id, simulate_wearer


def histories(settings: DataSettings) -> Iterator[PumpRecords]:
    """One history per pump, made one at a time, in the order of settings.pump_ids, or all of settings.simulator.pumps.

    Raises SettingsError, before anything is simulated, if pump_ids names a pump that the settings do not make.
    """
    made = {pump_id(wearer): wearer for wearer in range(settings.simulator.pumps)}
    unknown = [asked for asked in settings.pump_ids if asked not in made]
    if unknown:
        there = f"{pump_id(0)} to {pump_id(settings.simulator.pumps - 1)}" if len(made) > 1 else pump_id(0)
        raise SettingsError(
            f"data.pump_ids names {', '.join(unknown)}, but the simulator makes {there}. "
            "Name one of those, leave pump_ids empty for all, or raise data.simulator.pumps."
        )
    wearers = [made[asked] for asked in dict.fromkeys(settings.pump_ids)] or list(made.values())
    return (simulate_wearer(settings.simulator.seed, wearer, settings.simulator.days) for wearer in wearers)
