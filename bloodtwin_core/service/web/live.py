"""The service's own interface: events in, outlooks out, as JSON and as a stream of server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import StreamingResponse

from bloodtwin_core.records.pump_ids import is_pump_id
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.store import Wearer
from bloodtwin_core.service.web.bodies import EventsIn, KeptOut, OutlookOut
from bloodtwin_core.serving.outlook import Outlook

router = APIRouter(prefix="/v1")
KEEP_ALIVE_SECONDS = 15.0


def the_service(request: Request) -> Service:
    """The service of the application."""
    service: Service = request.app.state.service
    return service


def the_wearer(name: str, service: Annotated[Service, Depends(the_service)]) -> Wearer:
    """The wearer of the path. Raises 404 if there is none."""
    wearer = service.store.wearer(name) if is_pump_id(name) else None
    if wearer is None:
        raise HTTPException(404, "There is no such wearer")
    return wearer


Serving = Annotated[Service, Depends(the_service)]
Known = Annotated[Wearer, Depends(the_wearer)]


@router.get("/wearers")
def wearers(service: Serving) -> list[str]:
    """The names of the wearers that the caller may see."""
    return [wearer.name for wearer in service.store.wearers()]


@router.post("/wearers/{name}/events")
async def put_events(events: EventsIn, wearer: Known, service: Serving) -> KeptOut:
    """Keep what happened. An answer of 200 means that it is on disk."""
    try:
        stored = events.stored()
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    kept, _ = service.desk.put(wearer, stored)
    return KeptOut(events=len(stored), changed=await asyncio.wrap_future(kept))


@router.get("/wearers/{name}/forecast")
async def forecast(wearer: Known, service: Serving) -> OutlookOut:
    """The outlook as it is now."""
    outlook = await asyncio.wrap_future(service.desk.ask(wearer))
    return OutlookOut.of(outlook, wearer.zone)


@router.get("/wearers/{name}/stream")
async def stream(wearer: Known, service: Serving) -> StreamingResponse:
    """Server-sent events: the outlook now, and then each new one as an event `outlook`."""
    return StreamingResponse(_told(service, wearer), media_type="text/event-stream")


async def _told(service: Service, wearer: Wearer) -> AsyncIterator[str]:
    with service.listeners.listening(wearer.number) as waiting:
        yield _event(await asyncio.wrap_future(service.desk.ask(wearer)), wearer)
        while True:
            try:
                yield _event(await asyncio.wait_for(waiting.get(), KEEP_ALIVE_SECONDS), wearer)
            except TimeoutError:
                yield ": still here\n\n"


def _event(outlook: Outlook, wearer: Wearer) -> str:
    return f"event: outlook\ndata: {OutlookOut.of(outlook, wearer.zone).model_dump_json()}\n\n"
