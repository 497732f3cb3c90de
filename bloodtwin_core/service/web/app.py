"""The application: which routes there are, and what stands before them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from bloodtwin_core import __version__
from bloodtwin_core.service.nightscout.documents import Collection
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.web import api_page, look_files
from bloodtwin_core.service.web.access import WrongTokens
from bloodtwin_core.service.web.failures import RESPONSES, add_failures
from bloodtwin_core.service.web.guards.body import BodyGuard
from bloodtwin_core.service.web.guards.counting import CountingGuard
from bloodtwin_core.service.web.guards.headers import HeaderGuard
from bloodtwin_core.service.web.guards.hosts import LOCAL_NAMES, HostGuard
from bloodtwin_core.service.web.guards.rates import Rates
from bloodtwin_core.service.web.routes import callers, health, histories, live, nightscout, pages

PAGE = Path(__file__).parents[1] / "page"
ABOUT = "Readings, insulin and carbohydrates in; the coming hour out. bloodTwin is no medical device."


def application(service: Service) -> FastAPI:
    """The service as an ASGI application, which closes the service when it is shut down."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        service.close()

    app = FastAPI(
        title="bloodTwin",
        description=ABOUT,
        version=__version__,
        lifespan=lifespan,
        responses=RESPONSES,
        # FastAPI's own pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    app.state.rates = Rates(service.settings.most_requests_a_minute)
    app.state.wrong_tokens = WrongTokens()
    add_failures(app)
    for module in (live, pages, histories, callers, health, nightscout, api_page, look_files):
        app.include_router(module.router)
    for collection in Collection:
        app.include_router(nightscout.collection_router(collection))
    app.mount("/", StaticFiles(directory=PAGE, html=True), name="page")
    _add_guards(app, service)
    _add_gauges(service)
    return app


def _add_guards(app: FastAPI, service: Service) -> None:
    """The last one added stands first."""
    settings = service.settings
    app.add_middleware(BodyGuard, most=settings.most_body_kib * 1024, seconds=settings.slowest_body_seconds)
    names = () if service.needs_token else (*LOCAL_NAMES, settings.address)
    app.add_middleware(HostGuard, names=names)
    app.add_middleware(HeaderGuard)
    app.add_middleware(CountingGuard, metrics=service.metrics)


def _add_gauges(service: Service) -> None:
    metrics = service.metrics
    metrics.gauge("jobs_waiting", "Jobs that wait for the desk", lambda: float(service.desk.waiting))
    metrics.gauge("feeds_in_trouble", "Feeds whose last pull failed", lambda: _troubled(service))
    metrics.gauge("streams", "Streams that are listened to", lambda: float(service.listeners.total))
    metrics.gauge("wearers", "Wearers", lambda: float(len(service.store.wearers.all())))
    metrics.gauge("model_loaded_seconds", "When the model was loaded", lambda: service.model.now.loaded)
    metrics.gauge(
        "model_trouble", "1 where the newest model file is not usable", lambda: float(bool(service.model.trouble))
    )


def _troubled(service: Service) -> float:
    return float(sum(bool(feed.state.trouble) for feed in service.feeds))
