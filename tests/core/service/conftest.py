"""A service on a store of its own, with a clock that stands where a test puts it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="FastAPI is the extra serve")

from starlette.testclient import TestClient

from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.service.model import ModelInUse
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.web.app import application
from tests.core.service.days import NOON


class StandingClock:
    """Shows `second` until it is told another."""

    def __init__(self) -> None:
        self.second = float(NOON)

    def __call__(self) -> float:
        return self.second


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture(scope="session")
def base_model() -> ModelInUse:
    return ModelInUse("")


@pytest.fixture
def service(tmp_path: Path, clock: StandingClock, base_model: ModelInUse) -> Service:
    settings = ServiceSettings(store=str(tmp_path / "store"), survives_power_cut=False)
    service = Service(settings, clock, base_model)
    service.store.wearers.put("anna", "Europe/Berlin")
    return service


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    with TestClient(application(service), base_url="http://127.0.0.1:8484") as client:
        yield client
