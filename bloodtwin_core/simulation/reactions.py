"""What wearers do of their own accord about what the sensor shows: eat when low, correct when high."""

from typing import NamedTuple

from bloodtwin_core.simulation.compiled import compiled
from bloodtwin_core.simulation.controller import MINUTES_BETWEEN_BOLUSES

LOW = 70.0
"""mg/dL: fast carbohydrate is advised below it (American Diabetes Association, Standards of Care, hypoglycemia)."""
SOON_LOW = 55.0
"""mg/dL: the level that Dexcom's Urgent Low Soon alert foresees (its horizon is 20 min; here the pump's 30)."""
MINUTES_BETWEEN_RESCUES = 25
"""About the advised 15 min wait, and what it takes to notice (chosen)."""
HIGH = 220.0
"""mg/dL: above it a wearer may correct by hand, if the calculator asks for SMALLEST_CORRECTION (both chosen)."""
SMALLEST_CORRECTION = 0.5  # U


class Reactions(NamedTuple):
    """One wearer's readiness to react; probabilities are per record, so a reaction comes after some minutes."""

    rescue: float  # of eating when low, awake
    rescue_asleep: float
    rescue_carbohydrate: float  # g
    correction: float  # of correcting by hand when high, awake
    wakes: float  # h, local
    sleeps: float  # h, local, later than wakes


@compiled
def is_awake(reactions: Reactions, minute: int, utc_offset_hours: int) -> bool:
    """Whether the wearer is up; minute counts from a UTC midnight."""
    hour = (minute / 60.0 + utc_offset_hours) % 24.0
    return bool(reactions.wakes <= hour < reactions.sleeps)


@compiled
def eats_rescue(
    reactions: Reactions, awake: bool, shown: float, predicted: float, minutes_since_rescue: int, chance: float
) -> bool:
    """Whether the wearer eats fast carbohydrate now; shown and predicted are mg/dL, chance is uniform from 0 to 1."""
    if minutes_since_rescue < MINUTES_BETWEEN_RESCUES or (shown >= LOW and predicted >= SOON_LOW):
        return False
    return bool(chance < (reactions.rescue if awake else reactions.rescue_asleep))


@compiled
def corrects_by_hand(
    reactions: Reactions, awake: bool, shown: float, wanted: float, minutes_since_bolus: int, chance: float
) -> bool:
    """Whether the wearer gives the correction of wanted units now; shown is mg/dL."""
    if not awake or shown <= HIGH or wanted < SMALLEST_CORRECTION or minutes_since_bolus < MINUTES_BETWEEN_BOLUSES:
        return False
    return bool(chance < reactions.correction)
