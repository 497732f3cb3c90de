"""Bodies are read whole before a route sees them: none is too large, none comes too slowly."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bloodtwin_core.service.web.guards.answers import refuse


class _Refused(Exception):
    """What is wrong with a body: a status, a word and a sentence."""


class BodyGuard:
    """Refuses a body of more than `most` bytes (413), or one that takes longer than `seconds` (408)."""

    def __init__(self, app: ASGIApp, most: int, seconds: float) -> None:
        self._app, self._most, self._seconds = app, most, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on with its body, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            body = await asyncio.wait_for(self._body(Headers(scope=scope), receive), self._seconds)
        except _Refused as refused:
            status, reason, sentence = refused.args
            await refuse(scope, send, status, reason, sentence)
            return
        except TimeoutError:
            await refuse(scope, send, 408, "too_slow", f"A request must come in whole within {self._seconds:g} s")
            return
        if body is not None:
            await self._app(scope, _once(body, receive), send)

    async def _body(self, headers: Headers, receive: Receive) -> bytes | None:
        """The body, None if the client went away."""
        stated = headers.get("content-length", "")
        if stated.isdecimal() and int(stated) > self._most:
            raise self._too_large()
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return None
            part = message.get("body", b"")
            size += len(part)
            if size > self._most:
                raise self._too_large()
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)

    def _too_large(self) -> _Refused:
        return _Refused(413, "too_large", f"A body has at most {self._most // 1024} KiB. Send less at a time")


def _once(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body, and after it what the client does next."""
    given = False

    async def next_message() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return next_message
