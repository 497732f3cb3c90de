"""The latest forecasts in the graph, for those without the service, and the check of a service's forecasts by night."""

import json
import time
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest

from bloodtwin_assets.definitions import build_defs
from bloodtwin_assets.live.checks import DAY_SECONDS
from bloodtwin_core.service.engine import Engine, stored
from bloodtwin_core.service.model import ModelInUse
from bloodtwin_core.service.store import EventKind, Store, StoredEvent
from tests.assets.tiny_graph import Graph, evaluations
from tests.core.service.days import glucose_at, stamp

NAME = "live_agrees_with_batch"


def test_schedules_are_off_until_switched_on() -> None:
    defs = build_defs()
    for name, cron in (("live_forecasts", "*/5 * * * *"), ("nightly_comparison", "0 3 * * *")):
        schedule = defs.resolve_schedule_def(name)
        assert (schedule.default_status, schedule.cron_schedule) == (dg.DefaultScheduleStatus.STOPPED, cron)


def test_retraining_does_not_forecast_live() -> None:
    nodes = {node.name for node in build_defs().resolve_job_def("retraining").nodes}
    assert "latest_forecasts" not in nodes
    assert not [name for name in nodes if NAME in name]


def test_growing_files_are_forecast(graph: Graph, tmp_path: Path) -> None:
    folder, now = tmp_path / "data" / "pump_7", int(time.time())
    folder.mkdir(parents=True)
    rows = [f"{stamp(now - 300 * place)},{120 + place % 9},EGV" for place in range(300)][::-1]
    (folder / "cgmreading_1.csv").write_text("\n".join(["timestamp,bg,event_type", *rows, ""]))
    source = {"source": "events", "root": str(tmp_path / "data")}
    result = graph.run("latest_forecasts", data=source, evaluation={"unit": "mmol/L"})
    [told] = json.loads(graph.store.latest_forecasts.read_text())
    page = result.asset_materializations_for_node("latest_forecasts")[0].metadata
    # Nobody said where the wearer lives, which the base model needs.
    assert (told["wearer"], told["refusals"][0]["reason"]) == ("7", "zone_unknown")
    assert page["with a forecast, tiny"].value == 0
    forecasts = page["forecasts, mmol/L"]
    assert isinstance(forecasts, dg.TableMetadataValue)
    assert forecasts.records[0].data["reading"] == 6.7


def test_virtual_wearers_have_no_now(graph: Graph) -> None:
    result = graph.run("latest_forecasts")
    [made] = result.asset_materializations_for_node("latest_forecasts")
    assert "tells nothing of now" in str(made.metadata["nothing to forecast"].value)


@pytest.fixture
def yesterday(tmp_path: Path) -> tuple[Path, list[StoredEvent], Store]:
    """A store with two days of readings up to now, and yesterday's forecasts as they were made."""
    folder, model = tmp_path / "store", ModelInUse("")
    store = Store(folder, survives_power_cut=False)
    wearer = store.wearers.put("anna", "UTC")
    today = int(time.time()) // DAY_SECONDS * DAY_SECONDS
    first = today - 2 * DAY_SECONDS - 7200
    seconds = range(first, today + 3600, 300)
    events = [
        StoredEvent(EventKind.glucose, f"{second}", second, glucose_at(second) + second // 300 % 3, sensor="s")
        for second in seconds
    ]
    store.events.put(wearer.number, events, today)
    for second in range(today - DAY_SECONDS + 3600, today - DAY_SECONDS + 5 * 3600, 300):
        [made] = Engine(store, model, lambda second=second: float(second)).outlooks([wearer])  # type: ignore[misc]
        store.forecasts.put([(wearer.number, stored(made))])
    return folder, events, store


def checked(graph: Graph, folder: Path) -> dg.AssetCheckEvaluation:
    settings: dict[str, Any] = {"service": {"store": str(folder)}}
    result = graph._execute(dg.AssetSelection.checks_for_assets(dg.AssetKey("latest_forecasts")), **settings)
    return evaluations(result)[NAME]


def test_live_forecasts_that_are_those_of_the_batch_pass(
    graph: Graph, yesterday: tuple[Path, list[StoredEvent], Store]
) -> None:
    folder, _, store = yesterday
    store.close()
    evaluation = checked(graph, folder)
    assert evaluation.passed
    assert evaluation.metadata["compared"].value == 48
    assert float(evaluation.metadata["largest difference of two forecasts (mg/dL)"].value) < 1e-3  # type: ignore[arg-type]


def test_live_forecasts_of_other_readings_fail(graph: Graph, yesterday: tuple[Path, list[StoredEvent], Store]) -> None:
    folder, events, store = yesterday
    random = np.random.default_rng(0)
    revised = [
        StoredEvent(event.kind, event.name, event.second, (event.value or 0) + random.uniform(5, 60), sensor="s")
        for event in events
    ]
    store.events.put(1, revised, events[-1].second)
    store.close()
    evaluation = checked(graph, folder)
    assert not evaluation.passed
    assert "how late readings" in str(evaluation.metadata["what to do"].value)


def test_without_a_service_there_is_nothing_to_compare(graph: Graph, tmp_path: Path) -> None:
    evaluation = checked(graph, tmp_path / "nowhere")
    assert evaluation.passed
    assert not (tmp_path / "nowhere").exists()
