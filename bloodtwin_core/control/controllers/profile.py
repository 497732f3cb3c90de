"""The pump's own profile, and nothing else: what runs where nobody controls."""

from dataclasses import dataclass

from bloodtwin_core.control.controller import Decision, PumpState


@dataclass(frozen=True)
class Profile:
    """The basal rate of the profile; boluses are the wearer's."""

    wants_forecast: bool = False

    def decide(self, now: PumpState) -> Decision:
        """The profile's rate."""
        return Decision(now.therapy.basal_rate)
