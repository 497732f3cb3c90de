"""Forecasts as they would have been made with each reading of a history that was put in at once."""

from collections.abc import Iterator, Sequence

from bloodtwin_core.service.engine import Engine, Made, stored
from bloodtwin_core.service.store import StoredForecast, Wearer
from bloodtwin_core.serving.outlook import MOST_IN_BATCH, outlooks


def past_forecasts(engine: Engine, wearer: Wearer, moments: Sequence[int]) -> Iterator[list[StoredForecast]]:
    """Those of each moment (second since 1970 UTC), from what happened up to then, a batch at a time."""
    model = engine.model.now
    for first in range(0, len(moments), MOST_IN_BATCH):
        batch = moments[first : first + MOST_IN_BATCH]
        presents = [engine.present(wearer, moment) for moment in batch]
        told = outlooks(model.forecaster, presents)
        yield [stored(Made(outlook, model.sha256, moment // 60)) for outlook, moment in zip(told, batch, strict=True)]
