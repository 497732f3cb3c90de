"""Who the virtual wearers are: each one's body, pump settings, habits and whereabouts, drawn from a population.

Spreads of the physiological parameters, unless marked as chosen: those published for cohorts of virtual patients of the
Hovorka model (D. Boiroux, "Model predictive control for type 1 diabetes", PhD thesis, DTU 2012, table 2.1; after
R. Hovorka et al., Am J Physiol 282 (2002) E992-E1007, doi:10.1152/ajpendo.00304.2001, and Hovorka 2004). The published
spreads of k_a1 to k_a3 (near 100 %, from a handful of people) are left out: those keep Hovorka's values.
What is marked as chosen was chosen so that the population's figures come near AZT1D's; see docs/simulator.md.
"""

from dataclasses import dataclass

import numpy as np

from bloodtwin_core.insulin.hovorka import Physiology
from bloodtwin_core.simulation.chance import Topic, stream
from bloodtwin_core.simulation.controller import Therapy
from bloodtwin_core.simulation.meals import Habits
from bloodtwin_core.simulation.reactions import Reactions
from bloodtwin_core.simulation.sensitivity import Rhythm
from bloodtwin_core.simulation.therapy import titrated

LARGEST_DEVIATION = 1.5
"""SDs: a normal parameter is drawn again beyond it, as its published spread reaches into the impossible (chosen)."""
SENSITIVITY_SCALE = 0.45
"""Of Hovorka's sensitivities, which stand for a few lean people: with it, daily insulin is near AZT1D's (chosen)."""
SENSITIVITY_SPREAD, SENSITIVITY_PART_SPREAD = 0.35, 0.15
"""Log-SD of the factor common to the three sensitivities, and of each by itself (chosen; published: 60 to 95 %)."""
GLUCOSE_VOLUME_SPREAD = 0.08
"""Log-SD of V_G (chosen)."""
SMALLEST_SURPLUS = 0.0035
"""mmol/kg/min of EGP_0 over F_01: less would need hardly any basal insulin, and is drawn again (chosen)."""
PROFILE_SPREAD = 0.20
"""Log-SD of each pump setting about the one that suits the body: settings are never quite right (chosen)."""
CAUTION = 1.25
"""Factor on correction factor and carbohydrate ratio: people set pumps to give less than would suit (chosen)."""
UTC_OFFSETS = (-8, 3)
"""Hours from UTC, the first included, the last not: the Pacific to central Europe."""


@dataclass(frozen=True)
class Wearer:
    """Everything about one virtual wearer that does not change."""

    physiology: Physiology
    therapy: Therapy
    habits: Habits
    rhythm: Rhythm
    reactions: Reactions
    utc_offset_hours: int


def draw_wearer(seed: int, wearer: int) -> Wearer:
    """The wearer of this number (counted from 0) in the population of this seed."""
    chance = stream(seed, wearer, Topic.person)
    physiology = _draw_physiology(chance)
    habits = _draw_habits(chance, physiology)
    return Wearer(
        physiology=physiology,
        therapy=_draw_therapy(chance, physiology),
        habits=habits,
        rhythm=_draw_rhythm(chance),
        reactions=_draw_reactions(chance, habits),
        utc_offset_hours=int(chance.integers(*UTC_OFFSETS)),
    )


def _draw_physiology(chance: np.random.Generator) -> Physiology:
    usual = Physiology()
    while True:
        sensitivity = SENSITIVITY_SCALE * _factor(chance, SENSITIVITY_SPREAD)
        drawn = Physiology(
            weight=float(chance.uniform(65.0, 95.0)),
            egp0=_near(chance, 0.0161, 0.0039),
            f01=_near(chance, 0.0097, 0.0022),
            k12=_near(chance, 0.0649, 0.0282),
            sensitivity_transport=usual.sensitivity_transport * sensitivity * _factor(chance, SENSITIVITY_PART_SPREAD),
            sensitivity_disposal=usual.sensitivity_disposal * sensitivity * _factor(chance, SENSITIVITY_PART_SPREAD),
            sensitivity_production=usual.sensitivity_production
            * sensitivity
            * _factor(chance, SENSITIVITY_PART_SPREAD),
            ke=_near(chance, 0.14, 0.035),
            insulin_volume=_near(chance, 0.12, 0.012),
            glucose_volume=usual.glucose_volume * _factor(chance, GLUCOSE_VOLUME_SPREAD),
            insulin_time=1.0 / _near(chance, 0.018, 0.0045),
            carbohydrate_time=float(np.exp(_near(chance, 3.689, 0.25))),
            carbohydrate_share=float(chance.uniform(0.75, 0.95)),  # chosen
        )
        if drawn.egp0 - drawn.f01 >= SMALLEST_SURPLUS:
            return drawn


def _draw_therapy(chance: np.random.Generator, physiology: Physiology) -> Therapy:
    suiting = titrated(physiology)
    return Therapy(
        basal_rate=suiting.basal_rate * _factor(chance, PROFILE_SPREAD),
        correction_factor=CAUTION * suiting.correction_factor * _factor(chance, PROFILE_SPREAD),
        carbohydrate_ratio=CAUTION * suiting.carbohydrate_ratio * _factor(chance, PROFILE_SPREAD),
    )


def _draw_habits(chance: np.random.Generator, physiology: Physiology) -> Habits:
    """All spreads chosen; people eat in proportion to their weight."""
    return Habits(
        appetite=physiology.weight / 80.0 * _factor(chance, 0.25),
        clock=float(chance.normal(0.0, 0.8)),
        regularity=_factor(chance, 0.15),
        carelessness=_factor(chance, 0.5),
        carbohydrate_time=physiology.carbohydrate_time,
        carbohydrate_share=physiology.carbohydrate_share,
    )


def _draw_rhythm(chance: np.random.Generator) -> Rhythm:
    """Daily spread about Ruan's 17 %; the others chosen."""
    return Rhythm(
        wave=float(chance.uniform(0.05, 0.25)),
        most_sensitive_hour=float(chance.normal(15.0, 3.0)),
        daily_spread=float(chance.uniform(0.12, 0.22)),
        hourly_spread=float(chance.uniform(0.20, 0.35)),
    )


def _draw_reactions(chance: np.random.Generator, habits: Habits) -> Reactions:
    """Chosen, about the advised 15 g of fast carbohydrate, which people tend to exceed."""
    return Reactions(
        rescue=float(chance.uniform(0.2, 0.6)),
        rescue_asleep=float(chance.uniform(0.05, 0.25)),
        rescue_carbohydrate=float(chance.uniform(12.0, 25.0)),
        correction=float(chance.uniform(0.01, 0.06)),
        wakes=7.0 + habits.clock,
        sleeps=23.0,
    )


def _factor(chance: np.random.Generator, spread: float) -> float:
    """A log-normal factor with median 1."""
    return float(np.exp(spread * chance.standard_normal()))


def _near(chance: np.random.Generator, mean: float, deviation: float) -> float:
    """A normal number no further than LARGEST_DEVIATION from the mean."""
    while True:
        drawn = float(chance.standard_normal())
        if abs(drawn) <= LARGEST_DEVIATION:
            return mean + deviation * drawn
