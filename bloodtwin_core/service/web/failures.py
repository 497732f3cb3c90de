"""What a request that cannot be served is told: a word for programs, a sentence for people, nothing of what it sent."""

import math
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from bloodtwin_core.common.errors import BloodTwinError, StorageError

_MOST_FAULTS = 10


class Fault(BaseModel):
    """What is wrong with a part of a body, and where it stands."""

    where: str
    sentence: str


class Failure(BaseModel):
    """The body of an answer that is no success."""

    reason: str
    sentence: str
    faults: list[Fault] = []


class Refusal(Exception):
    """A request that is refused."""

    def __init__(
        self, status: int, reason: str, sentence: str, *, faults: tuple[Fault, ...] = (), retry_after: float = 0.0
    ) -> None:
        super().__init__(sentence)
        self.status, self.retry_after = status, retry_after
        self.failure = Failure(reason=reason, sentence=sentence, faults=list(faults))


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Failure, "description": what}
    for status, what in {
        400: "The body is no JSON",
        401: "No token, or a wrong one",
        403: "Not allowed",
        404: "There is no such wearer",
        408: "The request came in too slowly",
        413: "The body is too large",
        421: "Asked by a foreign name",
        422: "What was sent makes no sense",
        429: "Asked too often",
        503: "The store cannot be written, or the service is at its limits",
    }.items()
}
"""For the OpenAPI description of every route."""


def add_failures(app: FastAPI) -> None:
    """Let the application answer so."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(BloodTwinError, _mendable)


def _answer(status: int, failure: Failure, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(failure.model_dump(), status_code=status, headers=headers)


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Refusal):
        raise error
    headers = {"retry-after": str(math.ceil(error.retry_after))} if error.retry_after else {}
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    return _answer(error.status, error.failure, headers)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    """What was sent is not repeated: it may hold anything."""
    if not isinstance(error, RequestValidationError):
        raise error
    told = error.errors()[:_MOST_FAULTS]
    if any(fault["type"] == "json_invalid" for fault in told):
        return _answer(400, Failure(reason="no_json", sentence="The body is no JSON"))
    faults = [
        Fault(where=".".join(str(part) for part in fault["loc"][1:])[:200], sentence=fault["msg"]) for fault in told
    ]
    return _answer(422, Failure(reason="invalid", sentence="What was sent makes no sense", faults=faults))


async def _http(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    reasons = {404: "not_found", 405: "wrong_method"}
    failure = Failure(reason=reasons.get(error.status_code, "refused"), sentence=str(error.detail))
    return _answer(error.status_code, failure, dict(error.headers or {}))


async def _mendable(_request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, StorageError):
        # The message names files of this machine, which are nobody's business.
        return _answer(503, Failure(reason="storage", sentence="The store cannot be written. See the service's log"))
    return _answer(422, Failure(reason="unusable", sentence=str(error)))
