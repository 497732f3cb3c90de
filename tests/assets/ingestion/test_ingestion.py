"""The event histories in the graph: idle without credentials or network, incremental with them, and scheduled."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

pytest.importorskip("tconnectsync", reason="the extra `tandem` is not installed")

from bloodtwin_assets.definitions import build_defs
from bloodtwin_assets.schedules import CONFIG_VARIABLE, regular_ingestion
from bloodtwin_core.records.split_files import find_split_files
from tests.assets.tiny_graph import INGESTION, Graph, failure_of, materialized
from tests.core.sources.servers.loopback import Fault
from tests.core.sources.servers.nightscout import TOKEN, NightscoutServer
from tests.core.sources.servers.tandem import EMAIL, PASSWORD, Pump, TandemServer
from tests.core.sources.servers.tandem_log import LogWriter, at, history

MADE = history("2024-03-01T00:00:00", 12, every_minutes=30)
SETTINGS: dict[str, Any] = {
    "source": "tandem",
    "tandem": {"time_zone": "UTC"},
    "fetch": {"attempts": 2, "first_wait_seconds": 0.0},
}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[TandemServer]:
    with TandemServer([Pump(events=list(MADE.events))]) as server:
        server.lend_to(monkeypatch)
        yield server


def metadata_of(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    return {name: value.value for name, value in result.asset_materializations_for_node(asset)[0].metadata.items()}


def test_without_credentials_and_network_they_do_nothing_and_say_so(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr("socket.socket.connect", no_network)
    result = graph.run(*INGESTION)
    assert materialized(result) == set(INGESTION)
    for name in INGESTION:
        assert metadata_of(result, name)["nothing to fetch"] == "data.source is simulator"


def test_what_is_fetched_becomes_splits_and_next_time_only_what_is_new_is_fetched(
    graph: Graph, cloud: TandemServer, tmp_path: Path
) -> None:
    data = {**SETTINGS, "root": str(tmp_path / "events")}
    result = graph.run(*INGESTION, "raw_pump_splits", data=data)
    assert result.success
    page = metadata_of(result, "tandem_event_history")
    assert page["new rows, tiny"] == page["known rows, tiny"] > 2 * MADE.readings
    assert metadata_of(result, "nightscout_event_history")["nothing to fetch"] == "data.source is tandem"
    (pump,) = find_split_files(graph.store.split_files, [])
    assert pump.pump_id == "881235"
    raw = result.asset_materializations_for_node("raw_pump_splits")[0].metadata
    assert "data:image/png;base64,iVBOR" in str(raw["coverage of 881235"].value)
    version = versions(result)["tandem_event_history"]
    again = graph.run("tandem_event_history", data=data)
    assert metadata_of(again, "tandem_event_history")["new rows, tiny"] == 0
    assert versions(again)["tandem_event_history"] == version
    log = LogWriter(_number=10**6)
    log.glucose(at("2024-03-13T01:00:00"), 120)
    next(iter(cloud.pumps.values())).events += log.events
    more = graph.run("tandem_event_history", data=data)
    assert metadata_of(more, "tandem_event_history")["new rows, tiny"] == 1
    assert versions(more)["tandem_event_history"] != version


def test_splits_can_be_made_again_without_the_network(graph: Graph, cloud: TandemServer, tmp_path: Path) -> None:
    data = {**SETTINGS, "root": str(tmp_path / "events")}
    graph.run("tandem_event_history", data=data)
    asked = len(cloud.asked)
    assert graph.run("raw_pump_splits", data=data).success
    assert len(cloud.asked) == asked


@pytest.mark.usefixtures("cloud")
def test_no_secret_stands_in_events_metadata_logs_or_files(
    graph: Graph,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BLOODTWIN_NIGHTSCOUT_TOKEN", TOKEN)
    data = {**SETTINGS, "root": str(tmp_path / "events")}
    texts = [str(event) for event in graph.run(*INGESTION, "raw_pump_splits", data=data).all_events]
    with NightscoutServer() as site:
        address = {"url": site.url, "time_zone": "UTC"}
        chosen = {
            **data,
            "source": "nightscout",
            "nightscout": address,
            "fetch": {"since": "2026-10-01", "attempts": 1},
        }
        texts += [str(event) for event in graph.run(*INGESTION, data=chosen).all_events]
        site.fault = lambda _number, _asked: Fault.broken
        texts += [str(event) for event in graph.run(*INGESTION, data=chosen).all_events]
    monkeypatch.setenv("BLOODTWIN_TANDEM_PASSWORD", f"{PASSWORD}-wrong")
    refused = graph.run("tandem_event_history", data=data)
    assert "refused the e-mail address or the password" in failure_of(refused, "tandem_event_history")
    texts += [str(event) for event in refused.all_events]
    texts += [str(file.read_bytes()) for file in tmp_path.rglob("*") if file.is_file()]
    texts += list(capfd.readouterr())
    assert all(
        secret not in text for secret in (PASSWORD, EMAIL, TOKEN, "access-token-", "session-1") for text in texts
    )


def test_missing_credentials_fail_in_words(graph: Graph, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BLOODTWIN_TANDEM_EMAIL", raising=False)
    result = graph.run("tandem_event_history", data={**SETTINGS, "root": str(tmp_path)})
    assert "Set BLOODTWIN_TANDEM_EMAIL" in failure_of(result, "tandem_event_history")


def test_ingestion_is_scheduled_but_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("resources: {settings: {config: {data: {source: tandem}}}}")
    monkeypatch.setenv(CONFIG_VARIABLE, str(path))
    schedule = build_defs().resolve_schedule_def("regular_ingestion")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    request = regular_ingestion(dg.build_schedule_context())
    assert isinstance(request, dg.RunRequest)
    job = build_defs().resolve_job_def("ingestion")
    assert dg.validate_run_config(job, request.run_config)
    assert {node.name for node in job.nodes} == set(INGESTION)


def versions(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    return {
        event.materialization.asset_key.to_user_string(): event.materialization.tags["dagster/data_version"]
        for event in result.get_asset_materialization_events()
    }
