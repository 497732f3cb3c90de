"""Who may be seen, and the cookie by which the page is known."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from bloodtwin_core.records.pump_ids import LONGEST_PUMP_ID, is_pump_id
from bloodtwin_core.service.store import Wearer
from bloodtwin_core.service.web.access import COOKIE, Called, Serving, granted
from bloodtwin_core.service.web.bodies.events import require_zone
from bloodtwin_core.service.web.failures import Refusal

router = APIRouter(prefix="/v1", tags=["wearers"])
_COOKIE_SECONDS = 90 * 24 * 3600


class WearerOut(BaseModel):
    """A wearer, and where they live ("" unknown)."""

    name: str
    zone: str

    @classmethod
    def of(cls, wearer: Wearer) -> "WearerOut":
        """As it is told."""
        return cls(name=wearer.name, zone=wearer.zone)


class WearersOut(BaseModel):
    """Whom the caller may see. demonstration: the readings are those of a virtual wearer, replayed."""

    wearers: list[WearerOut]
    may_write: bool
    demonstration: bool


class WearerIn(BaseModel):
    """Where a wearer lives: Europe/Berlin, or +01:00."""

    model_config = ConfigDict(extra="forbid")

    zone: str = Field(max_length=100)


class TokenIn(BaseModel):
    """A token."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(max_length=200)


@router.get("/wearers")
def wearers(caller: Called, service: Serving) -> WearersOut:
    """The wearers that the caller may see: that of the token, or without tokens all."""
    seen = service.store.wearers.all() if caller.wearer is None else [caller.wearer]
    return WearersOut(
        wearers=[WearerOut.of(wearer) for wearer in seen],
        may_write=caller.may_write,
        demonstration=service.is_demonstration,
    )


@router.put("/wearers/{name}")
def put_wearer(
    name: Annotated[str, Path(max_length=LONGEST_PUMP_ID)], told: WearerIn, caller: Called, service: Serving
) -> WearerOut:
    """Say where a wearer lives; without tokens, make a new one."""
    if not is_pump_id(name):
        raise Refusal(422, "invalid", "A name has letters, digits, '-', '_' and '.', a letter or digit first")
    if caller.wearer is not None and (caller.wearer.name != name or not caller.may_write):
        raise Refusal(403, "not_yours", "This token may not do that")
    require_zone(told.zone)
    return WearerOut.of(service.store.wearers.put(name, told.zone))


@router.post("/session", status_code=204)
async def begin_session(told: TokenIn, request: Request, service: Serving) -> Response:
    """Give the page a cookie for a token: HttpOnly, for this site alone."""
    if granted(service, told.token) is None:
        await request.app.state.wrong_tokens.punish(request.client.host if request.client else "")
        raise Refusal(401, "wrong_token", "The token is not known here")
    answer = Response(status_code=204)
    answer.set_cookie(
        COOKIE,
        told.token,
        max_age=_COOKIE_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.delete("/session", status_code=204)
async def end_session() -> Response:
    """Take the cookie away."""
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer
