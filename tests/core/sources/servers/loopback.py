"""A server on 127.0.0.1 that remembers what it was asked and misbehaves when told to."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


class Fault(StrEnum):
    """What can go wrong with one answer."""

    too_many = "429"
    broken = "500"
    unavailable = "503"
    silent = "the connection is closed without an answer"
    cut = "the connection is closed within the body"


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body or b"null")

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass(frozen=True)
class Answer:
    """One answer; a body that is no str is sent as JSON."""

    status: int = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)


class Loopback:
    """Answers by `answer`, after the fault that `fault` wants for the n-th request, if any. Use it in a with block."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.fault: Callable[[int, Asked], Fault | None] = lambda _number, _asked: None
        self.before: Callable[[int, Asked], None] = lambda _number, _asked: None
        self._lock = Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def asked_of(self, part: str) -> list[Asked]:
        """The requests whose path holds a part."""
        return [asked for asked in self.asked if part in asked.path]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # One packet for head and body, or the other side waits for the second.

            def do_GET(self) -> None:
                self._serve()

            def do_POST(self) -> None:
                self._serve()

            def log_message(self, *_: object) -> None:
                pass

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, parts.path, query, headers, body)
                with server._lock:
                    server.asked.append(asked)
                    number = len(server.asked)
                    server.before(number, asked)
                    fault = server.fault(number, asked)
                    answer = server.answer(asked) if fault in (None, Fault.cut) else Answer()
                self._send(answer, fault)

            def _send(self, answer: Answer, fault: Fault | None) -> None:
                if fault is Fault.silent:
                    self.close_connection = True
                    return
                if fault in (Fault.too_many, Fault.broken, Fault.unavailable):
                    waiting = {"Retry-After": "0"} if fault is Fault.too_many else {}
                    answer = Answer(int(fault.value), "Too busy", waiting)
                text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
                content = text.encode()
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(content)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if fault is Fault.cut else content)
                self.close_connection = fault is Fault.cut or self.close_connection

        return Handler
