"""The demonstration ends when it is told to, whatever it is doing."""

from pathlib import Path

import pytest

from bloodtwin_core.common.errors import StorageError
from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.service.clock import FastClock
from bloodtwin_core.service.demo.recording import recorded
from bloodtwin_core.service.demo.replay import Replay
from bloodtwin_core.service.running import Service
from tests.core.service.days import NOON


def test_it_ends_though_the_service_ended_first(tmp_path: Path) -> None:
    clock = FastClock(1_000.0, began=float(NOON))
    service = Service(ServiceSettings(store=str(tmp_path), survives_power_cut=False), clock)
    replay = Replay(recorded(), service, service.store.wearers.put("demo", "UTC"), clock)
    replay.start()
    service.close()
    replay.close()
    assert not any(thread.is_alive() for thread in replay._threads)


def test_who_asks_a_service_that_ended_does_not_wait(service: Service) -> None:
    anna = service.store.wearers.named("anna")
    assert anna is not None
    service.close()
    with pytest.raises(StorageError, match="The service ends"):
        service.desk.ask(anna).result(timeout=5)
