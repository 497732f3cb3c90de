"""What speaks for and against a candidate, measured on days that neither it nor the champion has seen.

The split into 70, 15 and 15 % moves on as records come in: what a champion was tested on yesterday lies in the
candidate's training today, and what the candidate is tested on may lie in what another champion learnt from. So of the
candidate's test windows those alone count whose origin is not before the last record that either learnt from or was
chosen on, pump by pump.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import PERSISTENCE
from bloodtwin_core.evaluation.blocks import blocks_of
from bloodtwin_core.evaluation.clinical.events import HYPOGLYCAEMIA
from bloodtwin_core.evaluation.clinical.missed_events import missed_events
from bloodtwin_core.evaluation.comparison import Comparison
from bloodtwin_core.evaluation.difference import difference, on_common_windows
from bloodtwin_core.evaluation.figures import Interval, ratio
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.keys import minus_name
from bloodtwin_core.evaluation.measuring import pooled_comparison
from bloodtwin_core.evaluation.metrics import TARGET_MINUTES, step_at
from bloodtwin_core.publishing.decision import Compared, Evidence, ExportProof
from bloodtwin_core.publishing.manifest import LearntByPump

DECIDING = "test_mae"
"""The metric that decides: MAE over the first hour, by which epochs are chosen too."""
SHOWN = (DECIDING, "test_mae_at_30min", "test_mae_at_60min", "test_rmse")


@dataclass(frozen=True)
class Contestant:
    """A model before the judge: what it forecast for test windows, and what it learnt from or was chosen on."""

    forecasts: TestForecasts
    learnt: LearntByPump


@dataclass(frozen=True)
class Circumstances:
    """What the evidence holds beside forecasts; the names are Evidence's."""

    exports: list[ExportProof]
    open_weeks: list[str]
    carried_loss: float = 0.0
    withdrawn: bool = False


def unseen(forecasts: TestForecasts, *learnt: LearntByPump) -> TestForecasts:
    """The windows whose origin, and so every target, comes after all that was learnt from or chosen on of the pump."""
    kept = np.ones(len(forecasts), dtype=np.bool_)
    for pump, span in ((pump, span) for each in learnt for pump, span in each.items()):
        kept &= (forecasts.pump != pump) | (forecasts.timestamp >= np.datetime64(span.last, "s"))
    return forecasts.take(kept)


def evidence_of(
    candidate: Contestant, champion: Contestant | None, beside: Circumstances, settings: EvaluationSettings
) -> Evidence:
    """Measure the candidate, whose forecasts have persistence beside them, and the champion on the same days."""
    known = [candidate.learnt, *([champion.learnt] if champion else [])]
    own = unseen(candidate.forecasts, *known)
    other: TestForecasts | None = None
    if champion:
        there = unseen(champion.forecasts, *known)
        if _share_windows(own, there):
            own, other = on_common_windows(own, there)
        else:
            own = own.take(slice(0, 0))
    alone = _alone(own, settings) if len(own) else None
    compared = difference(own, other, settings, complete=False) if other is not None else None
    error = compared.difference.get(DECIDING) if compared else None
    lost = ratio(compared.a[DECIDING], compared.b[DECIDING]) if compared else None
    return Evidence(
        windows=len(own),
        days=len(blocks_of(own)),
        judged_from=_judged_from(own),
        has_champion=champion is not None,
        figures=[
            Compared(
                metric=name,
                candidate=alone.model[name] if alone else None,
                champion=compared.b[name] if compared else None,
                persistence=alone.metrics(PERSISTENCE)[name] if alone else None,
                difference=compared.difference.get(name) if compared else None,
            )
            for name in SHOWN
        ],
        error=error,
        persistence=_against_persistence(alone),
        loss=None if lost is None else lost - 1.0,
        lows=[
            missed_events(own, other.model, HYPOGLYCAEMIA, minutes, settings)
            for minutes in TARGET_MINUTES
            if other is not None and step_at(minutes) <= own.horizon
        ],
        fresher=champion is None or _newest(candidate.learnt) > _newest(champion.learnt),
        exports=beside.exports,
        open_weeks=beside.open_weeks,
        carried_loss=beside.carried_loss,
        withdrawn=beside.withdrawn,
    )


def _alone(forecasts: TestForecasts, settings: EvaluationSettings) -> Comparison:
    only = replace(forecasts, beside={PERSISTENCE: forecasts.beside[PERSISTENCE]})
    return pooled_comparison(only, np.ones(len(only), dtype=np.bool_), settings)


def _against_persistence(alone: Comparison | None) -> Interval | None:
    intervals = alone.intervals if alone else None
    if intervals is None:
        return None
    interval: Interval | None = intervals[minus_name(PERSISTENCE)][DECIDING]
    return interval


def _share_windows(a: TestForecasts, b: TestForecasts) -> bool:
    of_b = set(zip(b.pump.tolist(), b.timestamp.tolist(), strict=True))
    return any(each in of_b for each in zip(a.pump.tolist(), a.timestamp.tolist(), strict=True))


def _judged_from(forecasts: TestForecasts) -> dict[str, datetime]:
    pumps = dict.fromkeys(forecasts.pump.tolist())
    return {pump: forecasts.timestamp[forecasts.pump == pump].min().astype("datetime64[s]").item() for pump in pumps}


def _newest(learnt: LearntByPump) -> datetime:
    return max((span.last for span in learnt.values()), default=datetime.min)
