"""Who asks, and what they may see: the wearer of their token, or everybody on this machine where no token is needed.

A token comes as `Authorization: Bearer`, as the header `api-secret` (itself, or its SHA-1 as Nightscout's clients send
it), or in the cookie that POST /v1/session sets for the page.
"""

import asyncio
import re
import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from bloodtwin_core.records.pump_ids import is_pump_id
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.store import Grant, Wearer
from bloodtwin_core.service.store.wearers import sha1_of
from bloodtwin_core.service.web.failures import Refusal

COOKIE = "bloodtwin"
_SHA1 = re.compile(r"[0-9a-fA-F]{40}")
_LONGEST_TOKEN = 200
_WRONG_WINDOW_SECONDS = 600.0
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.25, 8.0
_MOST_WAITING = 4
_MOST_ADDRESSES = 10_000


@dataclass(frozen=True)
class Caller:
    """key: by which rates are counted. wearer: the only one that may be seen, None for all of them."""

    key: str
    wearer: Wearer | None
    may_write: bool


class WrongTokens:
    """Makes whoever tries tokens wait, the longer the more were wrong in the last minutes."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()
        self._waiting: dict[str, int] = {}

    async def punish(self, address: str) -> None:
        """Wait, or raise Refusal 429 where too many of this address wait already."""
        if self._waiting.get(address, 0) >= _MOST_WAITING:
            raise Refusal(429, "wrong_token", "Too many wrong tokens. Wait a minute", retry_after=60)
        self._waiting[address] = self._waiting.get(address, 0) + 1
        try:
            await asyncio.sleep(min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2.0 ** self._count(address)))
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]

    def _count(self, address: str) -> int:
        """How many were wrong lately, before this one."""
        now = time.monotonic()
        times = self._wrong.setdefault(address, deque(maxlen=16))
        self._wrong.move_to_end(address)
        if len(self._wrong) > _MOST_ADDRESSES:
            self._wrong.popitem(last=False)
        while times and now - times[0] > _WRONG_WINDOW_SECONDS:
            times.popleft()
        count = len(times)
        times.append(now)
        return count


async def the_service(request: Request) -> Service:
    """The service of the application."""
    service: Service = request.app.state.service
    return service


async def the_caller(request: Request, service: Annotated[Service, Depends(the_service)]) -> Caller:
    """Who asks. Raises Refusal 401 without a token where one is needed, for a wrong one, 429 for too many requests."""
    address = request.client.host if request.client else ""
    token = _token(request)
    grant = granted(service, token)
    if token and grant is None:
        await request.app.state.wrong_tokens.punish(address)
        raise Refusal(401, "wrong_token", "The token is not known here. Make one with: bloodtwin wearers token NAME")
    if grant is None and service.needs_token:
        raise Refusal(401, "no_token", "A token is needed. Make one with: bloodtwin wearers token NAME")
    caller = Caller(f"address {address}", None, True)
    if grant is not None:
        caller = Caller(f"wearer {grant.wearer.number}", grant.wearer, grant.may_write)
    if wait := request.app.state.rates.wait(caller.key):
        raise Refusal(429, "too_many_requests", "Too many requests. Ask more seldom", retry_after=wait)
    return caller


def granted(service: Service, token: str) -> Grant | None:
    """What a token, or its SHA-1, allows."""
    if not token or len(token) > _LONGEST_TOKEN:
        return None
    sha1 = token if _SHA1.fullmatch(token) else sha1_of(token)
    return service.store.wearers.granted(sha1)


def _token(request: Request) -> str:
    kind, _, bearer = request.headers.get("authorization", "").partition(" ")
    if kind.casefold() == "bearer":
        return bearer.strip()
    return request.headers.get("api-secret", "").strip() or request.cookies.get(COOKIE, "")


Serving = Annotated[Service, Depends(the_service)]
Called = Annotated[Caller, Depends(the_caller)]


async def the_wearer(name: str, caller: Called, service: Serving) -> Wearer:
    """The wearer of the path. Raises Refusal 404 if there is none, or none that the caller may see."""
    wearer = caller.wearer
    if wearer is None and is_pump_id(name):
        wearer = service.store.wearers.named(name)
    if wearer is None or wearer.name != name:
        raise Refusal(404, "no_wearer", "There is no such wearer")
    return wearer


async def the_written_wearer(wearer: Annotated[Wearer, Depends(the_wearer)], caller: Called) -> Wearer:
    """The same, for a caller who may write. Raises Refusal 403 for a token that only reads."""
    if not caller.may_write:
        raise Refusal(403, "read_only", "This token may only read")
    return wearer


Seen = Annotated[Wearer, Depends(the_wearer)]
Written = Annotated[Wearer, Depends(the_written_wearer)]
