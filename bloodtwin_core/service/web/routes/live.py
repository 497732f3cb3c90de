"""Events in, outlooks out, as JSON and as a stream of server-sent events."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse

from bloodtwin_core.service.ages import Ages
from bloodtwin_core.service.engine import Made
from bloodtwin_core.service.keeping import keep_all_of
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.store import Store, Wearer
from bloodtwin_core.service.told import named
from bloodtwin_core.service.web.access import Seen, Serving, Written
from bloodtwin_core.service.web.bodies.events import (
    EventsIn,
    KeptOut,
    SourceIn,
    SourceKeptOut,
    faults_of,
    glucose_faults_of,
    require_zone,
)
from bloodtwin_core.service.web.bodies.outlooks import OutlookOut
from bloodtwin_core.service.web.failures import Fault, Refusal

router = APIRouter(prefix="/v1/wearers/{name}", tags=["live"])
KEEP_ALIVE_SECONDS = 15.0
SAID_AGAIN_SECONDS = 60.0
"""A stream tells the outlook anew after so long without a reading, since it ages."""
MOST_STREAMS = 16
"""At once of one wearer."""
_MOST_FAULTS = 10


class KeptAndOutlookOut(KeptOut):
    """The same, with the outlook from then on if it was asked for."""

    outlook: OutlookOut | None = None


@router.post("/events")
async def put_events(
    events: EventsIn,
    wearer: Written,
    service: Serving,
    outlook: Annotated[bool, Query(description="Answer with the outlook from then on")] = False,
) -> KeptAndOutlookOut:
    """Keep what happened: all of it or, if anything is refused, nothing. An answer of 200 means that it is on disk."""
    placed, ages = events.stored(), Ages.of(service.settings, service.now())
    faults = list(faults_of(placed, ages))
    if faults:
        await _note_ahead(service, wearer, ages, [event.second for _, event in placed])
        raise _refused(faults, len(placed))
    stored = [event for _, event in placed]
    received = ages.now

    def write(store: Store) -> int:
        return store.events.put(wearer.number, stored, received)

    job = service.desk.put(wearer, write)
    # One wait alone: each costs a turn of the loop, for which the desk has to let go of the interpreter.
    told = OutlookOut.of(await asyncio.wrap_future(job.outlook), wearer.zone) if outlook else None
    changed = await asyncio.wrap_future(job.written)
    return KeptAndOutlookOut(events=len(stored), changed=changed, outlook=told)


@router.put("/events/{source}")
async def put_source(
    source: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,60}$")], told: SourceIn, wearer: Written, service: Serving
) -> SourceKeptOut:
    """Let these be all events of a source from `since` on: what it told before and tells no more is taken back.

    Events that are too old or ahead of the clock are left out.
    """
    if told.zone:
        require_zone(told.zone)
    placed = told.stored()
    if faults := list(glucose_faults_of(placed)):
        raise _refused(faults, len(placed))
    origin = f"source {source}"
    events = list(named((event for _, event in placed), origin))
    job = keep_all_of(service, wearer, origin, events, int(told.since.timestamp() // 1), told.zone)
    kept = await asyncio.wrap_future(job.written)
    service.told_by(wearer, source, max((event.second for event in events), default=0))
    return SourceKeptOut(events=kept)


def _refused(faults: list[Fault], count: int) -> Refusal:
    what = f"{len(faults)} of {count} events cannot be kept, and none was"
    return Refusal(422, "invalid", what, faults=tuple(faults[:_MOST_FAULTS]))


async def _note_ahead(service: Service, wearer: Wearer, ages: Ages, seconds: list[int]) -> None:
    """Remember that the sender's clock is ahead, so that the outlook can say so."""
    note = ages.note(seconds)
    if note is not None:
        job = service.desk.put(wearer, lambda store: store.events.put(wearer.number, [note], ages.now))
        await asyncio.wrap_future(job.written)


@router.get("/forecast")
async def forecast(wearer: Seen, service: Serving) -> OutlookOut:
    """The outlook as it is now."""
    return OutlookOut.of(await asyncio.wrap_future(service.desk.ask(wearer)), wearer.zone)


@router.get("/stream", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def stream(wearer: Seen, service: Serving) -> StreamingResponse:
    """Server-sent events `outlook`: the outlook now, then with everything new, and every minute as it ages."""
    if service.listeners.count(wearer.number) >= MOST_STREAMS:
        raise Refusal(429, "too_many_streams", f"At most {MOST_STREAMS} streams of a wearer", retry_after=60)
    return StreamingResponse(_told(service, wearer), media_type="text/event-stream")


async def _told(service: Service, wearer: Wearer) -> AsyncIterator[str]:
    with service.listeners.listening(wearer.number) as waiting:
        yield _event(await asyncio.wrap_future(service.desk.ask(wearer)), wearer)
        said = time.monotonic()
        while not service.is_closing:
            try:
                made = await asyncio.wait_for(waiting.get(), KEEP_ALIVE_SECONDS)
            except TimeoutError:
                if time.monotonic() - said < SAID_AGAIN_SECONDS:
                    yield ": still here\n\n"
                    continue
                made = await asyncio.wrap_future(service.desk.ask(wearer))
            if made is None:
                return
            yield _event(made, wearer)
            said = time.monotonic()


def _event(made: Made, wearer: Wearer) -> str:
    return f"event: outlook\ndata: {OutlookOut.of(made, wearer.zone).model_dump_json()}\n\n"
