"""Requests counted and timed, by route."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bloodtwin_core.service.metrics import Metrics

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


class CountingGuard:
    """Counts every answer."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, and count its answer."""
        begun = time.perf_counter()

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                seconds = time.perf_counter() - begun
                method = scope["method"] if scope["method"] in _METHODS else "other"
                self._metrics.count_request(method, _route(scope), message["status"], seconds)
            await send(message)

        await self._app(scope, receive, sent)


def _route(scope: Scope) -> str:
    """The route's pattern: as many values as there are routes, whatever clients ask for."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    return path if isinstance(path, str) and path else "page"
