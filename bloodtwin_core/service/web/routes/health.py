"""Whether the service lives and can forecast, what model it uses, and what Prometheus may know."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from bloodtwin_core import __version__
from bloodtwin_core.common.errors import StorageError
from bloodtwin_core.service.moments import moment_at
from bloodtwin_core.service.web.access import Serving, the_caller

router = APIRouter(tags=["health"])


class AliveOut(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class ReadyOut(BaseModel):
    """Whether readings are taken and forecasts made, part by part: "ok", or what is wrong."""

    ready: bool
    store: str
    desk: str
    model: str


class ModelOut(BaseModel):
    """The model in use. trouble: why a newer file was not taken over. settings: of the run that it comes from."""

    name: str
    version: str
    sha256: str
    loaded: datetime
    trouble: str
    lookback_hours: float
    horizon_minutes: int
    members: int
    clock: str
    oldest_reading_minutes: float
    least_measured_share: float
    bloodtwin: str


@router.get("/healthz")
async def healthz() -> AliveOut:
    """Whether the process answers; needs no token."""
    return AliveOut()


@router.get("/readyz", responses={503: {"model": ReadyOut}})
def readyz(service: Serving, response: Response) -> ReadyOut:
    """Whether readings are taken and forecasts made; needs no token."""
    store, desk = "ok", "ok" if service.desk.is_alive else "it has ended"
    try:
        service.store.check()
    except StorageError:
        store = "it cannot be written"
    ready = store == desk == "ok"
    response.status_code = 200 if ready else 503
    return ReadyOut(
        ready=ready, store=store, desk=desk, model="a new file is not usable" if service.model.trouble else "ok"
    )


@router.get("/metrics", dependencies=[Depends(the_caller)], responses={200: {"content": {"text/plain": {}}}})
def metrics(service: Serving) -> Response:
    """Counts and times in Prometheus's text format; no names, no glucose."""
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/v1/model", dependencies=[Depends(the_caller)])
async def model(service: Serving) -> ModelOut:
    """The model in use."""
    used = service.model.now
    facts = used.forecaster.facts
    return ModelOut(
        name=facts.model_name,
        version=facts.model_version,
        sha256=used.sha256,
        loaded=moment_at(used.loaded),
        trouble="The newest file is not usable; the one before is used" if service.model.trouble else "",
        lookback_hours=facts.lookback * facts.record_minutes / 60,
        horizon_minutes=facts.horizon * facts.record_minutes,
        members=facts.members,
        clock="unknown" if facts.clock is None else facts.clock.value,
        oldest_reading_minutes=facts.max_reading_age_minutes,
        least_measured_share=facts.min_measured_share,
        bloodtwin=__version__,
    )
