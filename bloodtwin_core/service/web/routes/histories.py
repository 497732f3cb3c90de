"""What was told of the last hours, and how good the forecasts of the last days were."""

from typing import Annotated

from fastapi import APIRouter, Query

from bloodtwin_core.events.silence import LONGEST_SILENCE
from bloodtwin_core.service.moments import moment_at
from bloodtwin_core.service.past import past_of
from bloodtwin_core.service.store import EventKind
from bloodtwin_core.service.web.access import Seen, Serving
from bloodtwin_core.service.web.bodies.histories import (
    BasalOut,
    BolusOut,
    CarbohydratesOut,
    FeedOut,
    HistoryOut,
    PastOut,
)
from bloodtwin_core.service.web.bodies.outlooks import ReadingOut

router = APIRouter(prefix="/v1/wearers/{name}", tags=["history"])
_Hours = Annotated[float, Query(gt=0.0, le=168.0, description="Hours back from now")]


@router.get("/history")
def history(wearer: Seen, service: Serving, hours: _Hours = 24.0) -> HistoryOut:
    """Readings, insulin and carbohydrates of the last hours."""
    now = int(service.now())
    first = now - round(hours * 3600)
    events, number = service.store.events, wearer.number
    silence = int(LONGEST_SILENCE.astype("int64"))
    before = events.between(number, EventKind.basal, first - silence, first)[-1:]
    basal = [*before, *events.between(number, EventKind.basal, first + 1, now)]
    return HistoryOut(
        wearer=wearer.name,
        zone=wearer.zone,
        first=moment_at(first),
        now=moment_at(now),
        readings=[
            ReadingOut(time=moment_at(second), glucose=value or 0.0)
            for second, value, *_ in events.between(number, EventKind.glucose, first, now)
        ],
        basal=[BasalOut(time=moment_at(max(second, first)), rate=value) for second, value, *_ in basal],
        boluses=[
            BolusOut(time=moment_at(second), dose=value or 0.0, minutes=minutes)
            for second, value, minutes, _ in events.between(number, EventKind.bolus, first, now)
        ],
        carbohydrates=[
            CarbohydratesOut(time=moment_at(second), grams=value or 0.0)
            for second, value, *_ in events.between(number, EventKind.carbohydrates, first, now)
        ],
    )


@router.get("/past-forecasts")
def past_forecasts(
    wearer: Seen,
    service: Serving,
    hours: _Hours = 24.0,
    forecasts: Annotated[bool, Query(description="Give each of them, not only how good they were")] = True,
) -> PastOut:
    """The forecasts of the last hours, each as it was made, and how good they were."""
    now = int(service.now())
    first = now - round(hours * 3600)
    return PastOut.of(past_of(service.store, wearer, first, now), first, now, with_forecasts=forecasts)


@router.get("/feeds")
async def feeds(wearer: Seen, service: Serving) -> list[FeedOut]:
    """Where the wearer's events are got from, here or by `bloodtwin feed`, and what was last heard there."""
    return [FeedOut.of(state) for state in service.feed_states(wearer.name)]
