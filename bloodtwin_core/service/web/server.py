"""The web server around the application: uvicorn, with patience for nobody."""

import asyncio
import gc
import socket
import sys
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.web.app import application

_KEEP_ALIVE_SECONDS = 30
_CLOSING_SECONDS = 5
_SWITCH_SECONDS = 0.0005


def patient_for(seconds: float) -> type[H11Protocol]:
    """uvicorn's protocol, which closes a connection on which no whole head of a request came in so many seconds.

    uvicorn itself waits for ever for a client that sends its head slowly, or nothing at all.
    """

    class Patient(H11Protocol):
        _waiting: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._wait()

        def data_received(self, data: bytes) -> None:
            if self._is_idle():
                self._wait()
            super().data_received(data)
            if not self._is_idle():
                self._stop_waiting()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def shutdown(self) -> None:
            # A TLS connection that is closed waits for its client to say good-bye, who may have gone long ago.
            if self._is_idle() and self.transport.get_write_buffer_size() == 0:
                self.transport.abort()
            else:
                super().shutdown()

        def _is_idle(self) -> bool:
            return self.cycle is None or self.cycle.response_complete

        def _wait(self) -> None:
            if self._waiting is None:
                self._waiting = self.loop.call_later(seconds, self._give_up)

        def _stop_waiting(self) -> None:
            if self._waiting is not None:
                self._waiting.cancel()
                self._waiting = None

        def _give_up(self) -> None:
            self._waiting = None
            if self._is_idle() and not self.transport.is_closing():
                self.transport.close()

    return Patient


class _Server(uvicorn.Server):
    """Lets go of streams first, for which uvicorn would wait."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._service.leave()
        await super().shutdown(sockets)


def server(service: Service, **more: Any) -> uvicorn.Server:
    """The server, ready to run. more: of uvicorn.Config, over what the settings say."""
    settings = service.settings
    said: dict[str, Any] = {
        "host": settings.address,
        "port": settings.port,
        "ssl_certfile": settings.certificate or None,
        "ssl_keyfile": settings.certificate_key or None,
        "limit_concurrency": settings.most_connections,
        "timeout_keep_alive": _KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": _CLOSING_SECONDS,
        "http": patient_for(settings.slowest_body_seconds),
        "ws": "none",
        "loop": "asyncio",
        "access_log": False,
        "server_header": False,
        "log_level": "warning",
    }
    return _Server(uvicorn.Config(application(service), **{**said, **more}), service)


def listening(settings: ServiceSettings) -> socket.socket:
    """A socket that is bound to the address. Raises SettingsError if it cannot be."""
    try:
        family = socket.getaddrinfo(settings.address, settings.port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((settings.address, settings.port))
    except OSError as error:
        what = f"{settings.address}, port {settings.port}, cannot be listened at ({error.strerror})"
        raise SettingsError(f"{what}. Choose another with --address and --port") from error
    return bound


def serve(service: Service, sockets: list[socket.socket]) -> None:
    """Serve until the process is told to end."""
    # Whoever waits for a forecast waits for no more than that of the desk's thread to let go of the interpreter.
    sys.setswitchinterval(_SWITCH_SECONDS)
    # What was imported stays: looking through it for garbage would hold up a forecast, now and then, by 0.1 s.
    gc.collect()
    gc.freeze()
    server(service).run(sockets)
