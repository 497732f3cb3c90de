"""Who the virtual wearers are: each one's body, pump settings, habits and whereabouts, drawn from a population.

Spreads of the physiological parameters: those published for cohorts of virtual patients of the Hovorka model
(D. Boiroux, "Model predictive control for type 1 diabetes", PhD thesis, DTU 2012, table 2.1; after
R. Hovorka et al., Am J Physiol 282 (2002) E992-E1007, doi:10.1152/ajpendo.00304.2001, and Hovorka 2004).
"""

from dataclasses import dataclass

import numpy as np

from bloodtwin_core.simulation.chance import Topic, stream
from bloodtwin_core.simulation.closed_loop import Reactions
from bloodtwin_core.simulation.controller import Therapy
from bloodtwin_core.simulation.meals import Habits
from bloodtwin_core.simulation.physiology import Physiology
from bloodtwin_core.simulation.sensitivity import Rhythm
from bloodtwin_core.simulation.therapy import titrated

LARGEST_DEVIATION = 1.5
"""SDs: a normal parameter is drawn again beyond it, as its published spread reaches into the impossible."""
SENSITIVITY_SCALE = 0.45
SENSITIVITY_SPREAD, SENSITIVITY_PART_SPREAD = 0.35, 0.15
UTC_OFFSETS = (-8, 3)
PROFILE_SPREAD = 0.15


@dataclass(frozen=True)
class Wearer:
    """Everything about one virtual wearer that does not change."""

    physiology: Physiology
    therapy: Therapy
    habits: Habits
    rhythm: Rhythm
    reactions: Reactions
    utc_offset_hours: int


def wearer(seed: int, number: int) -> Wearer:
    """The wearer of this number (counted from 0) in the population of this seed."""
    chance = stream(seed, number, Topic.person)
    physiology = _physiology(chance)
    therapy = titrated(physiology)
    error = np.exp(PROFILE_SPREAD * chance.standard_normal(3))
    therapy = Therapy(
        therapy.basal_rate * error[0], therapy.correction_factor * error[1], therapy.carbohydrate_ratio * error[2]
    )
    habits = Habits(
        appetite=float(np.exp(0.3 * chance.standard_normal())),
        clock=float(0.8 * chance.standard_normal()),
        regularity=float(np.exp(0.25 * chance.standard_normal())),
        carelessness=float(np.exp(0.4 * chance.standard_normal())),
        carbohydrate_time=physiology.carbohydrate_time,
        carbohydrate_share=physiology.carbohydrate_share,
    )
    rhythm = Rhythm(
        wave=float(chance.uniform(0.05, 0.25)),
        most_sensitive_hour=float(chance.normal(15.0, 3.0)),
        daily_spread=float(chance.uniform(0.12, 0.22)),
        hourly_spread=float(chance.uniform(0.20, 0.40)),
    )
    reactions = Reactions(
        rescue=float(chance.uniform(0.2, 0.6)),
        rescue_asleep=float(chance.uniform(0.05, 0.25)),
        rescue_carbohydrate=float(chance.uniform(12.0, 25.0)),
        correction=float(chance.uniform(0.01, 0.06)),
        wakes=7.0 + habits.clock,
        sleeps=23.0,
    )
    return Wearer(physiology, therapy, habits, rhythm, reactions, int(chance.integers(*UTC_OFFSETS)))


def _near(chance: np.random.Generator, mean: float, deviation: float) -> float:
    """A normal number no further than LARGEST_DEVIATION from the mean."""
    while True:
        drawn = float(chance.standard_normal())
        if abs(drawn) <= LARGEST_DEVIATION:
            return mean + deviation * drawn


def _physiology(chance: np.random.Generator) -> Physiology:
    while True:
        common = SENSITIVITY_SCALE * np.exp(SENSITIVITY_SPREAD * chance.standard_normal())
        part = np.exp(SENSITIVITY_PART_SPREAD * chance.standard_normal(3))
        usual = Physiology()
        drawn = Physiology(
            weight=_near(chance, 80.0, 12.0),
            egp0=_near(chance, 0.0161, 0.0039),
            f01=_near(chance, 0.0097, 0.0022),
            k12=_near(chance, 0.0649, 0.0282),
            sensitivity_transport=usual.sensitivity_transport * common * part[0],
            sensitivity_disposal=usual.sensitivity_disposal * common * part[1],
            sensitivity_production=usual.sensitivity_production * common * part[2],
            ke=_near(chance, 0.14, 0.035),
            insulin_volume=_near(chance, 0.12, 0.012),
            glucose_volume=float(np.log(_near(chance, 1.16, 0.03))),
            insulin_time=1.0 / _near(chance, 0.018, 0.0045),
            carbohydrate_time=float(np.exp(_near(chance, 3.689, 0.25))),
            carbohydrate_share=float(chance.uniform(0.7, 0.95)),
        )
        if drawn.egp0 - drawn.f01 >= 0.0035:
            return drawn
