"""A service that gets no events itself stays light: what a small computer would have no memory for is not imported."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="FastAPI is the extra serve")

SERVED = """
import sys
from pathlib import Path
from starlette.testclient import TestClient
from bloodtwin_core.cli import serve
from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.web.app import application
from tests.core.service.days import NOON, readings, stamp
from tests.core.sources.nightscout.documents import profile

service = Service(ServiceSettings(store=sys.argv[1], survives_power_cut=False), lambda: float(NOON))
service.store.wearers.put("anna", "")
def said(what, minutes, **more):
    return {"eventType": what, "created_at": stamp(NOON - 60 * minutes), "enteredBy": "loop://phone", **more}
treatments = [
    said("Temp Basal", 60, rate=1.2, absolute=1.2, duration=30),
    said("Temp Basal", 50, percent=-50, duration=30),
    said("Correction Bolus", 40, insulin=2.0, carbs=20, syncIdentifier="a"),
    said("Combo Bolus", 35, enteredinsulin=5, splitNow=40, splitExt=60, duration=60),
    said("Suspend Pump", 20, duration=10),
    said("Profile Switch", 15, profile="Day", percentage=110, duration=60),
    said("Carb Correction", 10, carbs=15),
    said("Sensor Start", 2000),
]
pump = {"created_at": stamp(NOON - 300), "device": "loop://phone", "pump": {"suspended": False, "reservoir": 80.0}}
with TestClient(application(service), base_url="http://127.0.0.1:8484") as client:
    entries = [{"type": "sgv", "sgv": one["glucose"], "dateString": one["time"]} for one in readings()]
    api = {"profile": profile((0, 1.0), (6, 0.8), zone="Europe/Berlin"), "entries": entries, "treatments": treatments}
    for collection, documents in {**api, "devicestatus": [pump]}.items():
        assert client.post(f"/api/v1/{collection}", json=documents).status_code == 200, collection
    assert client.get("/api/v1/devicestatus.json").json()[0]["loop"]["predicted"]["values"]
    assert client.get("/v1/wearers/anna/page").json()["picture"]["svg"]
    assert client.get("/v1/wearers/anna/history").json()["boluses"]
    assert client.get("/metrics").status_code == 200
service.close()
print(*sorted({"pandas", "torch", "scipy", "matplotlib", "dagster", "requests"} & set(sys.modules)))
"""


def test_serving_treatments_loads_no_pandas(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVED, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr[-2000:]
