"""What a cloud or a site told, one row a thing that happened; needs no pandas."""

from dataclasses import dataclass

import numpy as np

Day = np.datetime64
"""datetime64[D]."""


@dataclass(frozen=True)
class Row:
    """One thing that happened: time as the source counts it, and what it says in numbers and words, by kind."""

    id: str
    kind: str
    time: np.datetime64
    value: float = float("nan")
    minutes: float = 0.0
    detail: str = ""
