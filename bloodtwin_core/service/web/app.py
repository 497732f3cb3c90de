"""The application: which routes there are, and what they share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from bloodtwin_core import __version__
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.web import live

PAGE = Path(__file__).parents[1] / "page"


def application(service: Service) -> FastAPI:
    """The service as an ASGI application; it closes the service when it is shut down."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        service.close()

    app = FastAPI(title="bloodTwin", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.service = service
    app.include_router(live.router)
    app.mount("/", StaticFiles(directory=PAGE, html=True), name="page")
    return app
