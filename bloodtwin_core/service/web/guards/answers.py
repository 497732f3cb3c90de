"""Answers of guards, which refuse before there is a route."""

import json

from starlette.types import Scope, Send


async def refuse(scope: Scope, send: Send, status: int, reason: str, sentence: str) -> None:
    """Answer with a reason and close the connection, since what the client still sends is not read."""
    if scope["type"] != "http":
        return
    body = json.dumps({"reason": reason, "sentence": sentence}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
