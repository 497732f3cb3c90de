"""New weeks held against the training period.

Glucose: the distance of the two distributions (Wasserstein's, the mean over ranks of how far readings of the same rank
lie apart, in mg/dL: scipy.stats.wasserstein_distance). Missing readings and insulin a day: the difference, of insulin
as a share. Errors and bands of the version in use: of days that it has not seen, against those that it was published
on. A week that nobody has looked at is no part of the training period that others are held against.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
import numpy.typing as npt

from bloodtwin_core.config import DriftSettings
from bloodtwin_core.publishing.drift.forecasts import Forecasting
from bloodtwin_core.publishing.drift.ledger import JudgedWeek, Ledger, Measure
from bloodtwin_core.publishing.drift.week import PumpWeeks, WeekOfRecords

FEWEST_WINDOWS = 144
"""Windows (12 h) with fewer of which a week's error and coverage are left out."""
GLUCOSE, MISSING, INSULIN, ERROR, COVERAGE = MEASURES = ("glucose", "missing", "insulin", "error", "coverage")


@dataclass(frozen=True)
class ModelInUse:
    """How the version in use forecasts each new week, and how it did each pump on the days it was published on."""

    weeks: Mapping[tuple[str, date], Forecasting] = field(default_factory=dict)
    before: Mapping[str, Forecasting] = field(default_factory=dict)


def judged(
    ledger: Ledger, pumps: Mapping[str, PumpWeeks], model: ModelInUse, settings: DriftSettings, now: datetime
) -> Ledger:
    """The ledger with every week that is new or whose records have changed.

    Of a pump that the ledger does not know, the weeks before the end of training are what others are held against.
    """
    new: dict[tuple[str, date], JudgedWeek] = {}
    for pump, history in pumps.items():
        known = ledger.of(pump)
        reference = [
            week
            for week in history.weeks
            if week.start < history.learnt_until and not (week.start in known and known[week.start].beyond)
        ]
        for week in history.weeks:
            old = known.get(week.start)
            judged_before = old is not None and (old.content == week.content or week.cut)
            if judged_before or week.days < settings.fewest_days:
                continue
            first_look = not known and week.start < history.learnt_until
            others = [each for each in reference if each.start != week.start]
            measures = () if first_look else tuple(_measures(pump, week, others, model, settings))
            new[pump, week.start] = JudgedWeek(
                pump=pump, start=week.start, content=week.content, measures=measures, judged=now
            )
    return ledger.with_weeks(new)


def _measures(
    pump: str, week: WeekOfRecords, reference: Sequence[WeekOfRecords], model: ModelInUse, settings: DriftSettings
) -> list[Measure]:
    return [*_of_records(week, reference, settings), *_of_forecasts(pump, week.start, model, settings)]


def _apart(week: npt.NDArray[np.float64], reference: npt.NDArray[np.float64]) -> float:
    from scipy.stats import wasserstein_distance  # It takes a second to import.

    return float(wasserstein_distance(week, reference))


def _of_records(week: WeekOfRecords, reference: Sequence[WeekOfRecords], settings: DriftSettings) -> list[Measure]:
    measures: list[Measure] = []
    expected = sum(each.expected for each in reference)
    if not expected:
        return measures
    glucose = np.concatenate([each.glucose for each in reference])
    if len(week.glucose) and len(glucose):
        measures.append(
            Measure(
                name=GLUCOSE,
                about="mean glucose (mg/dL)",
                value=float(week.glucose.mean()),
                reference=float(glucose.mean()),
                distance=_apart(week.glucose, glucose),
                limit=settings.glucose,
            )
        )
    missing = 1.0 - min(1.0, len(glucose) / expected)
    measures.append(
        Measure(
            name=MISSING,
            about="share of readings missing",
            value=week.missing,
            reference=missing,
            distance=week.missing - missing,
            limit=settings.missing,
        )
    )
    insulin = [each.insulin for each in reference if math.isfinite(each.insulin)]
    if insulin and np.mean(insulin) > 0 and math.isfinite(week.insulin):
        usual = float(np.mean(insulin))
        measures.append(
            Measure(
                name=INSULIN,
                about="insulin a day (U)",
                value=week.insulin,
                reference=usual,
                distance=abs(week.insulin / usual - 1.0),
                limit=settings.insulin,
            )
        )
    return measures


def _of_forecasts(pump: str, start: date, model: ModelInUse, settings: DriftSettings) -> list[Measure]:
    made, before = model.weeks.get((pump, start)), model.before.get(pump)
    if made is None or before is None or made.windows < FEWEST_WINDOWS or not before.mae:
        return []
    error = Measure(
        name=ERROR,
        about="MAE of the version in use (mg/dL)",
        value=made.mae,
        reference=before.mae,
        distance=made.mae / before.mae - 1.0,
        limit=settings.error,
    )
    if made.coverage is None or before.coverage is None:
        return [error]
    coverage = Measure(
        name=COVERAGE,
        about="share of readings in its 80 % band",
        value=made.coverage,
        reference=before.coverage,
        distance=abs(made.coverage - before.coverage),
        limit=settings.coverage,
    )
    return [error, coverage]
