"""Virtual wearers; see docs/simulator.md."""

from bloodtwin_core.simulation.history import pump_id, simulate_wearer

__all__ = ["pump_id", "simulate_wearer"]
