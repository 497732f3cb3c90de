"""Whether live forecasts were what the batch makes of the same days, once everything that came late has come."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.events.grid import BIN_SECONDS
from bloodtwin_core.records import RECORD_MINUTES, Feature, PumpRecords
from bloodtwin_core.service.gridding import past_reach_of, reach_of, records_of, told_up_to
from bloodtwin_core.service.model import Model
from bloodtwin_core.service.moments import second_of
from bloodtwin_core.service.store import EventKind, Store, StoredForecast, Wearer
from bloodtwin_core.service.wearers_past import WearersPast
from bloodtwin_core.serving.forecast import Forecast

JUDGED_MINUTES = (30, 60)
_TOGETHER = 32
_HORIZON_SECONDS = 2 * 3600


@dataclass(frozen=True)
class Night:
    """Live forecasts of some hours beside the batch's from the same origins.

    compared: of how many both forecast and a reading came. live, batch: MAE (mg/dL) by JUDGED_MINUTES, NaN of none.
    largest: largest difference of two forecasts (mg/dL). other_model: live forecasts that another model made.
    """

    compared: int
    live: tuple[float, ...]
    batch: tuple[float, ...]
    largest: float
    other_model: int

    @property
    def apart(self) -> float:
        """Largest difference between the two MAE (mg/dL); 0 where nothing was compared."""
        return max((abs(one - other) for one, other in zip(self.live, self.batch, strict=True)), default=0.0)


@dataclass(frozen=True)
class _Pair:
    live: npt.NDArray[np.float32]
    batch: npt.NDArray[np.float32]
    targets: npt.NDArray[np.float32]


def night_of(store: Store, model: Model, first: int, last: int) -> Night:
    """The forecasts from origins of first to last second, of all wearers, held against the batch of the model now."""
    pairs, other_model = list[_Pair](), 0
    for wearer in store.wearers.all():
        made = [one for one in store.forecasts.between(wearer.number, first, last) if one.glucose is not None]
        same = [one for one in made if one.model == model.sha256]
        other_model += len(made) - len(same)
        if same:
            pairs += _pairs(store, wearer, model, same)
    steps = [minutes // RECORD_MINUTES - 1 for minutes in JUDGED_MINUTES]
    live = [np.abs(pair.live[steps] - pair.targets[steps]) for pair in pairs]
    batch = [np.abs(pair.batch[steps] - pair.targets[steps]) for pair in pairs]
    return Night(
        len(pairs),
        _means(live),
        _means(batch),
        max((float(np.abs(pair.live - pair.batch).max()) for pair in pairs), default=0.0),
        other_model,
    )


def _pairs(store: Store, wearer: Wearer, model: Model, made: Sequence[StoredForecast]) -> Iterator[_Pair]:
    facts = model.forecaster.facts
    last = made[-1].origin + _HORIZON_SECONDS
    reach = last - made[0].origin + (past_reach_of(facts) if facts.wearer_past else reach_of(facts, facts.lookback))
    told = told_up_to(store, wearer, last, reach)
    if not told[EventKind.glucose]:
        return
    records = records_of(wearer, told, last, facts)
    before = WearersPast(store).up_to(wearer, made[0].origin, facts)
    begin = second_of(records.timestamps[0])
    for start in range(0, len(made), _TOGETHER):
        part = made[start : start + _TOGETHER]
        rows = [(one.origin - begin) // BIN_SECONDS for one in part]
        batch = model.forecaster.forecast_many([records.rows(0, row + 1) for row in rows], [before] * len(rows))
        for row, live, forecast in zip(rows, part, batch, strict=True):
            pair = _pair(live, forecast, records, row)
            if pair is not None:
                yield pair


def _pair(live: StoredForecast, batch: Forecast | DataError, records: PumpRecords, row: int) -> _Pair | None:
    """The two forecasts and what came; None where the batch has none, or not everything that is judged came."""
    if isinstance(batch, DataError) or live.glucose is None or len(live.glucose) != len(batch.glucose):
        return None
    came = records.feature(Feature.bg)[row + 1 : row + 1 + len(batch.glucose)]
    judged = [minutes // RECORD_MINUTES - 1 for minutes in JUDGED_MINUTES]
    if len(came) < len(batch.glucose) or not np.isfinite(came[judged]).all():
        return None
    return _Pair(live.glucose, batch.glucose, came)


def _means(errors: Sequence[npt.NDArray[np.float32]]) -> tuple[float, ...]:
    return tuple(float(mean) for mean in np.mean(errors, axis=0)) if errors else ()
