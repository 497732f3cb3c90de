"""What a wearer eats, and when and how well the insulin for it is given.

Habits differ between wearers and chance decides each day; a bolus may be late, wrongly counted or missed.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records import MINUTES_PER_DAY
from bloodtwin_core.simulation.chance import Topic, stream


class Occasion(NamedTuple):
    """One habit of eating, for the average wearer."""

    hour: float  # local time
    hour_spread: float  # h, SD from day to day
    carbohydrate: float  # g, median
    probability: float  # that it is eaten on a day
    missed_bolus: float  # probability that no insulin is given for it


OCCASIONS = (
    Occasion(7.7, 0.6, 38.0, 0.90, 0.075),
    Occasion(10.3, 0.8, 16.0, 0.40, 0.194),
    Occasion(12.6, 0.7, 45.0, 0.95, 0.122),
    Occasion(15.6, 0.9, 18.0, 0.55, 0.194),
    Occasion(18.6, 0.8, 55.0, 0.97, 0.111),
    Occasion(21.2, 0.9, 20.0, 0.60, 0.194),
)
"""Breakfast, lunch, dinner and three snacks. Shares of missed boluses: Ampudia Blasco et al., Diabetes 73 (2024)
Suppl. 1, 843-P (22,964 adults). Times and sizes are chosen so that carbohydrate and boluses a day resemble AZT1D's."""

SIZE_SPREAD = 0.45
"""Log-SD of a meal's carbohydrate from day to day."""
COUNTING_BIAS, COUNTING_SPREAD = 0.0, 0.35
"""Mean and SD of the logarithm of counted over eaten carbohydrate. Adults counted between half and all of what test
meals held (quartiles; doi:10.1055/a-1493-2324); pump settings absorb the steady part of that."""
ABSORPTION_SPREAD, SHARE_SPREAD = 0.35, 0.10
"""Log-SD from meal to meal of t_max,G and of the share absorbed."""
LATE_BOLUS = 0.30
"""Probability that a bolus comes after the meal began, rather than with it."""
LATE_MINUTES = 25.0
EARLY_MINUTES = 8.0
"""Mean delay of a late bolus (exponential) and SD of the time around the meal of the others (normal)."""


class Habits(NamedTuple):
    """How one wearer differs from the average one."""

    appetite: float  # factor on all meals
    clock: float  # h, later (or earlier, negative) than the average
    regularity: float  # factor on spreads of hour and size
    carelessness: float  # factor on missed and late boluses
    carbohydrate_time: float  # min, t_max,G
    carbohydrate_share: float  # A_G


class Meals(NamedTuple):
    """Meals and the boluses for them over a whole history; minutes count from its start, each in time order.

    [meal]: minute eaten, carbohydrate (g), t_max,G (min), share absorbed. [bolus]: minute given, counted grams.
    """

    minute: npt.NDArray[np.int64]
    carbohydrate: npt.NDArray[np.float64]
    absorption_time: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]
    bolus_minute: npt.NDArray[np.int64]
    bolus_carbohydrate: npt.NDArray[np.float64]


def meals(seed: int, wearer: int, days: int, habits: Habits, utc_offset_hours: int) -> Meals:
    """All meals of so many local days; local midnight of day 0 lies utc_offset_hours before minute 0."""
    drawn = [_one_day(stream(seed, wearer, Topic.meals, day), habits) for day in range(days)]
    per_day = len(OCCASIONS)
    table = np.concatenate(drawn, axis=1)
    starts = np.repeat(np.arange(days) * MINUTES_PER_DAY - utc_offset_hours * 60, per_day)
    eaten, counted = table[4] > 0.0, (table[4] > 0.0) & (table[5] > 0.0)
    minute = np.round(starts + table[0]).astype(np.int64)
    bolus_minute = np.round(starts + table[0] + table[6]).astype(np.int64)
    order = np.flatnonzero(eaten)[np.argsort(minute[eaten], kind="stable")]
    bolus_order = np.flatnonzero(counted)[np.argsort(bolus_minute[counted], kind="stable")]
    return Meals(
        minute[order],
        table[1][order],
        table[2][order],
        table[3][order],
        bolus_minute[bolus_order],
        table[5][bolus_order],
    )


def _one_day(chance: np.random.Generator, habits: Habits) -> npt.NDArray[np.float64]:
    """[7, occasion]: local minute, grams, t_max,G, share absorbed, eaten (0 or 1), grams counted, bolus delay (min)."""
    usual = np.array(OCCASIONS).T
    normal = chance.standard_normal((6, len(OCCASIONS)))
    uniform = chance.random((3, len(OCCASIONS)))
    delay = chance.standard_exponential(len(OCCASIONS)) * LATE_MINUTES
    minute = 60.0 * (usual[0] + habits.clock + habits.regularity * usual[1] * normal[0])
    carbohydrate = habits.appetite * usual[2] * np.exp(habits.regularity * SIZE_SPREAD * normal[1])
    absorption_time = habits.carbohydrate_time * np.exp(ABSORPTION_SPREAD * normal[2])
    share = np.minimum(1.0, habits.carbohydrate_share * np.exp(SHARE_SPREAD * normal[3]))
    eaten = uniform[0] < usual[3]
    given = uniform[1] >= habits.carelessness * usual[4]
    counted = carbohydrate * np.exp(COUNTING_BIAS + COUNTING_SPREAD * normal[4]) * given
    late = uniform[2] < habits.carelessness * LATE_BOLUS
    offset = np.where(late, delay, EARLY_MINUTES * normal[5])
    return np.stack([minute, carbohydrate, absorption_time, share, eaten, counted, offset])
