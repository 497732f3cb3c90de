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
    Occasion(7.7, 0.6, 35.0, 0.90, 0.075),
    Occasion(10.3, 0.8, 15.0, 0.40, 0.194),
    Occasion(12.6, 0.7, 41.0, 0.95, 0.122),
    Occasion(15.6, 0.9, 17.0, 0.55, 0.194),
    Occasion(18.6, 0.8, 50.0, 0.97, 0.111),
    Occasion(21.2, 0.9, 19.0, 0.60, 0.194),
)
"""Breakfast, lunch, dinner and three snacks. Shares of missed boluses: Ampudia Blasco et al., Diabetes 73 (2024)
Suppl. 1, 843-P (22,964 adults). Times and sizes are chosen so that carbohydrate and boluses a day resemble AZT1D's."""

SIZE_SPREAD = 0.40
"""Log-SD of a meal's carbohydrate from day to day (chosen)."""
COUNTING_SPREAD = 0.35
"""SD of the logarithm of counted over eaten carbohydrate. Adults counted between half and all of what test
meals held (quartiles; doi:10.1055/a-1493-2324); pump settings absorb the steady part of that."""
ABSORPTION_SPREAD, SHARE_SPREAD = 0.35, 0.10
"""Log-SD from meal to meal of t_max,G and of the share absorbed (chosen)."""
LATE_BOLUS = 0.30
"""Probability that a bolus comes after the meal began, rather than with it (chosen)."""
LATE_MINUTES = 25.0
TIMELY_MEAN, TIMELY_SPREAD = -5.0, 8.0
"""min after the meal begins: mean of a late bolus (exponential), mean and SD of the others (normal); all chosen."""


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


def draw_meals(seed: int, wearer: int, days: int, habits: Habits, utc_offset_hours: int) -> Meals:
    """All meals of so many local days; local midnight of day 0 lies utc_offset_hours before minute 0.

    What falls before minute 0 is left out.
    """
    drawn = [_draw_day(stream(seed, wearer, Topic.meals, day), habits) for day in range(days)]
    day = _Day(*(np.stack(column) for column in zip(*drawn, strict=True)))
    midnights = np.arange(days)[:, np.newaxis] * MINUTES_PER_DAY - 60 * utc_offset_hours
    minute = np.round(midnights + day.minute).astype(np.int64)
    bolus_minute = np.round(midnights + day.minute + day.delay).astype(np.int64)
    eaten = day.eaten & (minute >= 0)
    given = day.eaten & day.given & (bolus_minute >= 0)
    order = np.argsort(minute[eaten], kind="stable")
    bolus_order = np.argsort(bolus_minute[given], kind="stable")
    return Meals(
        minute[eaten][order],
        day.carbohydrate[eaten][order],
        day.absorption_time[eaten][order],
        day.share[eaten][order],
        bolus_minute[given][bolus_order],
        day.counted[given][bolus_order],
    )


class _Day(NamedTuple):
    """Meals of one local day, [occasion], or of all days, [day, occasion]."""

    minute: npt.NDArray[np.float64]
    carbohydrate: npt.NDArray[np.float64]
    absorption_time: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]
    counted: npt.NDArray[np.float64]
    delay: npt.NDArray[np.float64]
    eaten: npt.NDArray[np.bool_]
    given: npt.NDArray[np.bool_]


_HOUR, _HOUR_SPREAD, _CARBOHYDRATE, _PROBABILITY, _MISSED_BOLUS = np.array(OCCASIONS).T


def _draw_day(chance: np.random.Generator, habits: Habits) -> _Day:
    normal = chance.standard_normal((6, len(OCCASIONS)))
    uniform = chance.random((3, len(OCCASIONS)))
    late_minutes = LATE_MINUTES * chance.standard_exponential(len(OCCASIONS))
    late = uniform[0] < habits.carelessness * LATE_BOLUS
    carbohydrate = habits.appetite * _CARBOHYDRATE * np.exp(habits.regularity * SIZE_SPREAD * normal[1])
    return _Day(
        minute=60.0 * (_HOUR + habits.clock + habits.regularity * _HOUR_SPREAD * normal[0]),
        carbohydrate=carbohydrate,
        absorption_time=habits.carbohydrate_time * np.exp(ABSORPTION_SPREAD * normal[2]),
        share=np.minimum(1.0, habits.carbohydrate_share * np.exp(SHARE_SPREAD * normal[3])),
        counted=carbohydrate * np.exp(COUNTING_SPREAD * normal[4]),
        delay=np.where(late, late_minutes, TIMELY_MEAN + TIMELY_SPREAD * normal[5]),
        eaten=uniform[1] < _PROBABILITY,
        given=uniform[2] >= habits.carelessness * _MISSED_BOLUS,
    )
