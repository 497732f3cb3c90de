"""The benchmarks of the live service run, at a size at which they say nothing of speed."""

import pytest

pytest.importorskip("fastapi", reason="FastAPI is the extra serve")

from benchmarks.service.nightscout_calls import calls
from benchmarks.service.replay import replay
from tests.core.service.days import NOON


def test_disturbed_readings_of_an_hour_give_the_forecasts_of_the_batch() -> None:
    rows = replay(0.0, 1.0, 0.3)
    assert all(row.met is not False for row in rows)
    assert (rows[1].value or 0) >= 20


def test_the_calls_of_nightscout_are_described_for_every_collection() -> None:
    paths = calls(NOON)["paths"]
    for collection in ("entries", "treatments", "profile", "devicestatus", "activity"):
        assert set(paths[f"/api/v1/{collection}"]) == {"get", "post", "put"}
