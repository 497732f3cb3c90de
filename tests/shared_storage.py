"""A real S3 API on loopback (moto's server), whose connections can be made to break, and whose clock to run ahead."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

BUCKET = "shared"


@dataclass
class Storage:
    """The server. asked: how many requests came so far. ahead: seconds by which its clock has gone on.

    client: a client of boto3 that tests share. heeds_conditions: whether If-Match means anything to it.
    """

    address: str = ""
    asked: int = 0
    ahead: float = 0.0
    client: Any = None
    heeds_conditions: bool = True
    _lost: range = range(0)
    _is_late: bool = False
    _application: Any = None
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def lose(self, first: int, last: int = 2**31, *, late: bool = False) -> None:
        """Break the connections of these requests from now on, 1 being the next; late lets them take effect before."""
        self._lost, self._is_late = range(self.asked + first, self.asked + last + 1), late

    def find_again(self) -> None:
        """Break no more connections."""
        self._lost = range(0)

    def names(self) -> list[str]:
        """The names of all objects."""
        return [each["Key"] for each in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", ())]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self._counting:
            self.asked += 1
            is_lost = self.asked in self._lost

        if not self.heeds_conditions:
            environ = {name: value for name, value in environ.items() if name != "HTTP_IF_MATCH"}
        if not is_lost:
            return self._application(environ, start_response)
        if self._is_late:
            list(self._application(environ, lambda *_: None))
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError


@contextmanager
def storage() -> Iterator[Storage]:
    """A server on a free port; moto is imported here, for tests skip without it."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    there = Storage(_application=DomainDispatcherApplication(create_backend_app))
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)

    class Handler(WSGIRequestHandler):
        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string((timestamp or time.time()) + there.ahead)

    server = make_server("127.0.0.1", 0, there, threaded=True, request_handler=Handler)
    there.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        thread.join()


def emptied(there: Storage) -> None:
    """Let the bucket be there and empty."""
    if BUCKET not in [each["Name"] for each in there.client.list_buckets()["Buckets"]]:
        there.client.create_bucket(Bucket=BUCKET)
    for name in there.names():
        there.client.delete_object(Bucket=BUCKET, Key=name)
