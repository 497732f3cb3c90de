"""The Nightscout API, version 1, as xDrip+ and Loop call it; docs/nightscout_api.md lists the calls."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request

from bloodtwin_core import __version__
from bloodtwin_core.common.errors import DataError
from bloodtwin_core.service.ages import Ages
from bloodtwin_core.service.moments import moment_at, stamp
from bloodtwin_core.service.nightscout.documents import Collection, sent_documents
from bloodtwin_core.service.nightscout.intake import keep, remove, require_possible
from bloodtwin_core.service.nightscout.predicted import devicestatus
from bloodtwin_core.service.nightscout.query import query_of
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.store import Store, Wearer
from bloodtwin_core.service.web.access import Called, Caller, Serving
from bloodtwin_core.service.web.failures import Refusal

router = APIRouter(prefix="/api/v1", include_in_schema=False)
T = TypeVar("T")
Documents = list[dict[str, Any]]


async def the_only_wearer(caller: Called, service: Serving) -> Wearer:
    """The wearer of the token; without tokens the only one there is. Raises Refusal 409 where there are several."""
    if caller.wearer is not None:
        return caller.wearer
    wearers = service.store.wearers.all()
    if len(wearers) != 1:
        what = "There is no wearer" if not wearers else "There are several wearers"
        raise Refusal(409, "which_wearer", f"{what}. Make one, with a token: bloodtwin wearers add NAME")
    return wearers[0]


Sender = Annotated[Wearer, Depends(the_only_wearer)]


@router.get("/status")
@router.get("/status.json")
async def status(_caller: Called, service: Serving) -> dict[str, Any]:
    """What this is."""
    now = moment_at(service.now())
    return {
        "status": "ok",
        "name": "bloodTwin",
        "version": __version__,
        "serverTime": stamp(now),
        "serverTimeEpoch": int(now.timestamp() * 1000),
        "apiEnabled": True,
        "careportalEnabled": True,
        "boluscalcEnabled": False,
        "settings": {"units": "mg/dl", "timeFormat": 24, "enable": ["careportal", "loop", "rawbg"]},
        "extendedSettings": {},
        "authorized": None,
    }


@router.get("/experiments/test")
async def test(caller: Called) -> dict[str, str]:
    """Whether the secret is right."""
    _require_writer(caller)
    return {"status": "ok"}


@router.get("/verifyauth")
async def verifyauth(caller: Called) -> dict[str, Any]:
    """What the secret allows."""
    return {
        "status": 200,
        "message": {"canRead": True, "canWrite": caller.may_write, "isAdmin": False, "message": "OK"},
    }


@router.get("/entries/current")
@router.get("/entries/current.json")
def current_entry(wearer: Sender, service: Serving) -> Documents:
    """The newest entry."""
    return query_of(Collection.entries, [("count", "1")], _end(service)).chosen(
        service.store.documents.newest(wearer.number, Collection.entries, 0, _end(service))
    )


@router.get("/entries/{spec}")
def entries_of(spec: str, request: Request, wearer: Sender, service: Serving) -> Documents:
    """The entry of an id, or those of a type, such as sgv."""
    word = spec.removesuffix(".json")
    found = service.store.documents.named(wearer.number, Collection.entries, word)
    if found is not None:
        return [found]
    return _listed(Collection.entries, [*request.query_params.multi_items(), ("find[type]", word)], wearer, service)


@router.get("/devicestatus")
@router.get("/devicestatus.json")
@router.get("/devicestatus/")
async def devicestatuses(request: Request, wearer: Sender, service: Serving) -> Documents:
    """Statuses, our own forecast first."""
    query = query_of(Collection.devicestatus, request.query_params.multi_items(), _end(service))
    made = await asyncio.wrap_future(service.desk.ask(wearer))
    own = devicestatus(made)
    kept = service.store.documents.newest(wearer.number, Collection.devicestatus, query.first, query.last)
    return query.chosen([*([own] if own else []), *kept])


@router.get("/profile/current")
@router.get("/profile/current.json")
def current_profile(wearer: Sender, service: Serving) -> dict[str, Any] | None:
    """The profile in force."""
    profiles = service.store.documents.newest(wearer.number, Collection.profile, 0, int(service.now()))
    return next(profiles, None)


def _listed(collection: Collection, asked: list[tuple[str, str]], wearer: Wearer, service: Service) -> Documents:
    query = query_of(collection, asked, _end(service))
    return query.chosen(service.store.documents.newest(wearer.number, collection, query.first, query.last))


def _end(service: Service) -> int:
    """Profiles may begin later than now."""
    return int(service.now()) + 366 * 24 * 3600


def collection_router(collection: Collection) -> APIRouter:
    """List, add, replace and remove documents of a collection."""
    routes = APIRouter(prefix="/api/v1", include_in_schema=False)

    def get(request: Request, wearer: Sender, service: Serving) -> Documents:
        return _listed(collection, request.query_params.multi_items(), wearer, service)

    async def put(request: Request, wearer: Sender, caller: Called, service: Serving) -> Documents:
        _require_writer(caller)
        sent, ages = sent_documents(collection, await request.body()), Ages.of(service.settings, service.now())
        try:
            require_possible(collection, sent, ages)
        except DataError:
            note = ages.note([document.second for document in sent])
            if note is not None:
                await _write(service, wearer, lambda store: store.events.put(wearer.number, [note], ages.now))
            raise
        await _write(service, wearer, lambda store: keep(store, wearer, collection, sent, ages))
        return [document.document for document in sent]

    async def delete(name: str, wearer: Sender, caller: Called, service: Serving) -> dict[str, int]:
        _require_writer(caller)
        ages = Ages.of(service.settings, service.now())
        count = await _write(service, wearer, lambda store: remove(store, wearer, collection, name, ages))
        return {"n": count, "ok": 1}

    for path in (f"/{collection}", f"/{collection}.json", f"/{collection}/"):
        if collection is not Collection.devicestatus:
            routes.add_api_route(path, get, methods=["GET"])
        routes.add_api_route(path, put, methods=["POST", "PUT"])
    routes.add_api_route(f"/{collection}/{{name}}", delete, methods=["DELETE"])
    return routes


async def _write(service: Service, wearer: Wearer, write: Callable[[Store], T]) -> T:
    return await asyncio.wrap_future(service.desk.put(wearer, write).written)


def _require_writer(caller: Caller) -> None:
    if not caller.may_write:
        raise Refusal(401, "read_only", "This token may only read")
