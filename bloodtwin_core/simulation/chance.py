"""Where a virtual wearer's chances come from: one independent stream of random numbers for each thing and each day.

Because nothing shares a stream, a wearer is the same whoever else is simulated, and a day whatever follows it.
"""

from enum import IntEnum

import numpy as np


class Topic(IntEnum):
    """What a stream decides. The numbers are part of what a seed means: never reuse one."""

    person = 0
    meals = 1
    sensitivity = 2
    sensor = 3
    gaps = 4
    reactions = 5
    faults = 6


def stream(seed: int, wearer: int, topic: Topic, index: int = 0) -> np.random.Generator:
    """The stream of one wearer (counted from 0) for one topic and day, sensor or block (index, counted from 0)."""
    return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(seed, spawn_key=(wearer, topic, index))))
