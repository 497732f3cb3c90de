"""What a life came to, by the glucose in the blood and not by what a sensor showed.

Times in ranges: T. Battelino et al., Diabetes Care 42 (2019) 1593-1603. Risk indices: B. P. Kovatchev et al.,
"Symmetrization of the blood glucose measurement scale and its applications", Diabetes Care 20 (1997) 1655-1658, and
"Algorithmic evaluation of metabolic control and risk of severe hypoglycemia", Diabetes Care 21 (1998) 1870-1875. An
event below 54 lasts 15 minutes or longer (Battelino 2019). No glucose makes an event severe, which is that somebody
needs help; 15 minutes below 40 mg/dL stand in for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.control.risk import Glucose, symmetrized
from bloodtwin_core.records import RECORD_MINUTES, RECORDS_PER_DAY

EVENT_RECORDS = 15 // RECORD_MINUTES
SEVERE_BELOW = 40.0


@dataclass(frozen=True)
class LifeSignals:
    """Of one life: glucose in the blood (mg/dL), basal rate (U/h) and bolus (U), each [record]."""

    blood: Glucose
    basal_rate: Glucose
    bolus: Glucose


@dataclass(frozen=True)
class MeasureDefinition:
    """A measure: what it is called, its unit ("" for an index) and how it is taken. Shares are in per cent."""

    title: str
    unit: str
    of: Callable[[LifeSignals], float]
    decimals: int = 1


def low_index(glucose: Glucose) -> float:
    """LBGI: the mean of 10 f^2 where f is below 0."""
    return float(np.mean(10.0 * np.minimum(symmetrized(glucose), 0.0) ** 2))


def high_index(glucose: Glucose) -> float:
    """HBGI: the mean of 10 f^2 where f is above 0."""
    return float(np.mean(10.0 * np.maximum(symmetrized(glucose), 0.0) ** 2))


def events_below(glucose: Glucose, limit: float) -> int:
    """Stretches of EVENT_RECORDS or longer below a limit (mg/dL)."""
    below = np.concatenate([[False], glucose < limit, [False]]).astype(np.int8)
    starts, ends = np.flatnonzero(np.diff(below) == 1), np.flatnonzero(np.diff(below) == -1)
    return int((ends - starts >= EVENT_RECORDS).sum())


def _share(condition: npt.NDArray[np.bool_]) -> float:
    return 100.0 * float(np.mean(condition))


def _a_week(count: int, records: int) -> float:
    return count * 7.0 * RECORDS_PER_DAY / records


MEASURES: Mapping[str, MeasureDefinition] = {
    "in_range": MeasureDefinition("70 to 180", "%", lambda life: _share((life.blood >= 70.0) & (life.blood <= 180.0))),
    "below_70": MeasureDefinition("below 70", "%", lambda life: _share(life.blood < 70.0), 2),
    "below_54": MeasureDefinition("below 54", "%", lambda life: _share(life.blood < 54.0), 2),
    "above_180": MeasureDefinition("above 180", "%", lambda life: _share(life.blood > 180.0)),
    "above_250": MeasureDefinition("above 250", "%", lambda life: _share(life.blood > 250.0)),
    "mean": MeasureDefinition("mean", "mg/dL", lambda life: float(np.mean(life.blood))),
    "lbgi": MeasureDefinition("LBGI", "", lambda life: low_index(life.blood), 2),
    "hbgi": MeasureDefinition("HBGI", "", lambda life: high_index(life.blood), 2),
    "events_54": MeasureDefinition(
        "events below 54", "a week", lambda life: _a_week(events_below(life.blood, 54.0), len(life.blood)), 2
    ),
    "severe": MeasureDefinition(
        "events below 40", "a week", lambda life: _a_week(events_below(life.blood, SEVERE_BELOW), len(life.blood)), 2
    ),
    "insulin": MeasureDefinition(
        "insulin",
        "U a day",
        lambda life: float(np.mean(life.basal_rate * (RECORD_MINUTES / 60.0) + life.bolus)) * RECORDS_PER_DAY,
    ),
}


def measured(life: LifeSignals) -> dict[str, float]:
    """Every measure of a life, by its name."""
    return {name: definition.of(life) for name, definition in MEASURES.items()}
