"""Requests that another site's page makes with the wearer's browser are refused.

Without tokens whoever reaches the service may use it, so that it must be asked by this machine's own names: a foreign
name that was made to point here (DNS rebinding) is refused. With or without, what changes something must not come from
another origin.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from bloodtwin_core.service.web.guards.answers import refuse

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


class HostGuard:
    """names: under which it may be asked; empty allows any, as where tokens are needed."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app, self._names = app, frozenset(name.casefold() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, or refuse it."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if self._names and _name(headers.get("host", "")) not in self._names:
                await refuse(
                    scope, send, 421, "wrong_host", "Ask by the name of this machine, or add it to service.hosts"
                )
                return
            if scope["method"] not in _HARMLESS and _is_foreign(headers):
                await refuse(scope, send, 403, "foreign_origin", "Another site's page may not do this")
                return
        await self._app(scope, receive, send)


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").casefold()
    except ValueError:
        return ""


def _is_foreign(headers: Headers) -> bool:
    origin = headers.get("origin")
    if origin is not None and origin.casefold().partition("://")[2] != headers.get("host", "").casefold():
        return True
    return headers.get("sec-fetch-site", "none") == "cross-site"
