"""The web server around the application."""

import uvicorn

from bloodtwin_core.service.running import Service
from bloodtwin_core.service.web.app import application


def serve(service: Service) -> None:
    """Serve until the process is told to end."""
    settings = service.settings
    config = uvicorn.Config(
        application(service),
        host=settings.address,
        port=settings.port,
        ssl_certfile=settings.certificate or None,
        ssl_keyfile=settings.certificate_key or None,
        limit_concurrency=settings.most_connections,
        http="h11",
        ws="none",
        loop="asyncio",
        access_log=False,
        server_header=False,
        log_level="warning",
        workers=1,
    )
    uvicorn.Server(config).run()
